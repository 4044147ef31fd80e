/** Any value JSON can carry. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** A JSON object as it came off the wire: every field is unknown until it is read. */
export type JsonObject = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is an object whose fields of these names are texts. */
export function hasTexts<Field extends string>(
  value: unknown,
  ...fields: readonly Field[]
): value is JsonObject & { readonly [field in Field]: string } {
  return isObject(value) && fields.every((field) => typeof value[field] === "string");
}

/** An object whose fields that may be undefined are absent then. */
export type Defined<T> = { [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name] } & {
  [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>;
};

/**
 * The fields that have a value. An absent field costs nothing in a store or a message, and an undefined one does.
 * @param fields Their names are the library's own: one called `__proto__` would be lost.
 */
export function defined<const T extends object>(fields: T): Defined<T> {
  const kept: Partial<T> = {};
  for (const name in fields) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept as unknown as Defined<T>;
}

/** A field of the object itself: a form, a tool or an argument may well be called `constructor` or `__proto__`. */
export function own<T>(fields: { readonly [name: string]: T } | undefined, name: string): T | undefined {
  return fields && Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Equality of two JSON values, whatever the order of their keys and however deep they are nested. */
export function sameJson(a: unknown, b: unknown): boolean {
  const pairs: [unknown, unknown][] = [[a, b]];
  for (let pair = pairs.pop(); pair; pair = pairs.pop()) {
    const [left, right] = pair;
    if (left === right) continue;
    if (!isComposite(left) || !isComposite(right) || Array.isArray(left) !== Array.isArray(right))
      return false;
    const keys = definedKeys(left);
    if (keys.length !== definedKeys(right).length) return false;
    for (const key of keys) {
      if (!Object.hasOwn(right, key)) return false;
      pairs.push([left[key], right[key]]);
    }
  }
  return true;
}

function isComposite(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null;
}

function definedKeys(object: JsonObject): string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined);
}

/**
 * How deep what a server or an app says may be nested. `JSON.stringify` and structured clone recurse, so that deeper
 * values overflow the stack when they are stored or sent.
 */
export const MAX_DEPTH = 1_000;

/** Whether a JSON value is nested at most so many levels deep. Recurses no deeper than that. */
export function isShallow(value: unknown, levels: number = MAX_DEPTH): boolean {
  if (!isComposite(value)) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) return value.every((inner) => isShallow(inner, levels - 1));
  // No list of the values: this looks at every reply.
  for (const name in value) if (!isShallow(value[name], levels - 1)) return false;
  return true;
}

/** The JSON text of a value, or what stands for it where it is nested too deep to have one. */
export function jsonText(value: unknown): string {
  return isShallow(value) ? String(JSON.stringify(value)) : `(nested more than ${MAX_DEPTH} levels deep)`;
}

/** The value of a JSON text; `undefined` for any other text. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A copy as it travels and is stored. Throws a TypeError for what cannot be: cycles, `bigint`, more than
 * {@link MAX_DEPTH} levels.
 * @param what Names the value in the error.
 */
export function jsonCopy<T>(value: T, what: string): T {
  let cause: unknown;
  try {
    const copy: unknown = JSON.parse(JSON.stringify(value));
    if (isShallow(copy)) return copy as T;
  } catch (error) {
    cause = error;
  }
  throw new TypeError(`${what} must be JSON without cycles, nested at most ${MAX_DEPTH} levels deep`, {
    cause,
  });
}
