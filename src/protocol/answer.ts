import type { InputRequest } from "./input-request.ts";
import { isObject, type JsonObject, jsonCopy, own } from "./json.ts";

/** An answer as it will be sent, or what is wrong with it: a line for each failure. */
export type CheckedAnswer =
  | { readonly ok: true; readonly response: JsonObject }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Checks an answer against its question before it is sent, so that a typing error is the app's to
 * mend and not the task's end. Fields left out of a form get the defaults its schema names.
 */
export function checkAnswer({ method, params }: InputRequest, given: unknown): CheckedAnswer {
  if (!isObject(given)) return refuse("The answer is not an object");
  let response: JsonObject;
  try {
    response = jsonCopy(given, "The answer");
  } catch (error) {
    return refuse((error as TypeError).message);
  }
  switch (method) {
    case "elicitation/create":
      return checkElicitation(params, response);
    case "sampling/createMessage": {
      const { role, model, content } = response;
      const fits = {
        role: role === "assistant" || role === "user",
        model: typeof model === "string",
        content: isObject(content) || Array.isArray(content),
      };
      return checked(
        Object.entries(fits).flatMap(([field, fine]) => (fine ? [] : `${field} is missing`)),
        response,
      );
    }
    case "roots/list": {
      const { roots } = response;
      const fits =
        Array.isArray(roots) &&
        roots.every(
          (root) => isObject(root) && typeof root.uri === "string" && root.uri.startsWith("file://"),
        );
      return checked(fits ? [] : ['roots must be a list of { uri: "file://…" }'], response);
    }
    default:
      // Nobody here knows what fits: it is for the server to check.
      return checked([], response);
  }
}

function checkElicitation({ mode, requestedSchema }: JsonObject, response: JsonObject): CheckedAnswer {
  const { action, content: given = {} } = response;
  // What a person does at the address goes past the client (elicitation, "URL Mode").
  if (action === "decline" || action === "cancel" || (action === "accept" && mode === "url"))
    return checked([], { action });
  if (action !== "accept") return refuse('action must be "accept", "decline" or "cancel"');
  if (given !== null && !isObject(given)) return refuse("content must be an object");
  const { properties, required }: JsonObject = isObject(requestedSchema) ? requestedSchema : {};
  const fields = Object.entries(isObject(properties) ? properties : {});
  // A default that its own schema refuses ("" for an e-mail address) is no answer anybody gave: the field is left out.
  const defaults = fields.flatMap(([name, field]) =>
    isObject(field) && field.default !== undefined && problemOf(field, field.default) === undefined
      ? [[name, field.default]]
      : [],
  );
  const content: JsonObject = { ...Object.fromEntries(defaults), ...given };
  const missing = (textsIn(required) ?? []).filter((name) => own(content, name) === undefined);
  const problems = fields.flatMap(([name, field]) => {
    const value = own(content, name);
    const problem = value === undefined ? undefined : problemOf(field, value);
    return problem === undefined ? [] : `${name} ${problem}`;
  });
  return checked([...missing.map((name) => `${name} is required`), ...problems], { action, content });
}

/** What is wrong with the value of a form's field, if anything. The schemas are primitive (elicitation, "Requested Schema"). */
function problemOf(schema: unknown, value: unknown): string | undefined {
  if (!isObject(schema)) return undefined;
  const { type, format } = schema;
  switch (type) {
    case "string": {
      if (typeof value !== "string") return "must be a text";
      const choices = choicesOf(schema);
      if (choices?.includes(value) === false) return `must be one of ${choices.join(", ")}`;
      // JSON Schema counts characters, not UTF-16 units.
      const problem = outside([...value].length, schema.minLength, schema.maxLength, "have", " characters");
      if (problem || typeof format !== "string") return problem;
      return FORMATS.get(format)?.(value) === false ? `must be a ${format}` : undefined;
    }
    case "number":
    case "integer":
      if (typeof value !== "number" || !Number.isFinite(value)) return "must be a number";
      if (type === "integer" && !Number.isInteger(value)) return "must be a whole number";
      return outside(value, schema.minimum, schema.maximum, "be");
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "array": {
      if (!Array.isArray(value)) return "must be a list";
      const choices = choicesOf(schema.items);
      const fits = value.every((chosen) => typeof chosen === "string" && choices?.includes(chosen) !== false);
      if (!fits) return `must be chosen from ${choices?.join(", ") ?? "texts"}`;
      return outside(value.length, schema.minItems, schema.maxItems, "have", " choices");
    }
    default:
      return undefined;
  }
}

function outside(
  value: number,
  min: unknown,
  max: unknown,
  verb: string,
  unit: string = "",
): string | undefined {
  if (typeof min === "number" && value < min) return `must ${verb} at least ${min}${unit}`;
  return typeof max === "number" && value > max ? `must ${verb} at most ${max}${unit}` : undefined;
}

function choicesOf(schema: unknown): readonly string[] | undefined {
  if (!isObject(schema)) return undefined;
  const titled = schema.oneOf ?? schema.anyOf;
  const consts = Array.isArray(titled) && titled.map((choice) => isObject(choice) && choice.const);
  return textsIn(schema.enum) ?? textsIn(consts);
}

function textsIn(list: unknown): readonly string[] | undefined {
  return Array.isArray(list) ? list.filter((entry) => typeof entry === "string") : undefined;
}

/** As strict as the validators of the servers, the SDK's among them: what they refuse fails the tool. */
const FORMATS: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ["email", (value) => EMAIL.test(value)],
  // RFC 3986, which is narrower than what `URL` takes and encodes.
  ["uri", (value) => URI_TEXT.test(value) && URI.test(value) && URL.canParse(value)],
  ["date", isCalendarDay],
  ["date-time", (value) => isCalendarDay(value.slice(0, 10)) && TIME.test(value.slice(10))],
]);
const EMAIL =
  /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@([a-z\d]([a-z\d-]*[a-z\d])?\.)+[a-z\d]([a-z\d-]*[a-z\d])?$/i;
const URI_TEXT = /^([\w\-.~!$&'()*+,;=:@/?#[\]]|%[\da-f]{2})+$/i;
const URI =
  /^[a-z][a-z\d+.-]*:(\/\/([^/?#@[\]]*@)?(\[[\da-f:.]+\]|[^/?#@:[\]]*)(:\d*)?(\/[^?#[\]]*)?|\/?[^/?#[\]][^?#[\]]*|\/)(\?[^#[\]]*)?(#[^#[\]]*)?$/i;
/** RFC 3339: unlike ISO 8601 it has no 24:00, and always a zone. */
const TIME = /^T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;

/** `Date` would take the 31st of February for a day of March. */
function isCalendarDay(value: string): boolean {
  return new Date(`${value}T00:00:00Z`).toJSON()?.slice(0, 10) === value;
}

function refuse(problem: string): CheckedAnswer {
  return { ok: false, problems: [problem] };
}

function checked(problems: readonly string[], response: JsonObject): CheckedAnswer {
  return problems.length > 0 ? { ok: false, problems } : { ok: true, response };
}
