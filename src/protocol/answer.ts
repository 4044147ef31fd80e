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
export function checkAnswer(request: InputRequest, response: unknown): CheckedAnswer {
  if (!isObject(response)) return refuse("The answer is not an object");
  try {
    return checkMethod(request, jsonCopy(response, "The answer"));
  } catch (error) {
    return refuse((error as TypeError).message);
  }
}

function checkMethod(request: InputRequest, response: JsonObject): CheckedAnswer {
  switch (request.method) {
    case "elicitation/create":
      return checkElicitation(request.params, response);
    case "sampling/createMessage": {
      const problems = [
        ...(response.role === "assistant" || response.role === "user" ? [] : ["role is missing"]),
        ...(typeof response.model === "string" ? [] : ["model is missing"]),
        ...(isObject(response.content) || Array.isArray(response.content) ? [] : ["content is missing"]),
      ];
      return problems.length > 0 ? refuse(...problems) : { ok: true, response };
    }
    case "roots/list": {
      const { roots } = response;
      const fits = Array.isArray(roots) && roots.every((root) => isObject(root) && isFileUri(root.uri));
      return fits ? { ok: true, response } : refuse('roots must be a list of { uri: "file://…" }');
    }
    default:
      // Nobody here knows what fits: it is for the server to check.
      return { ok: true, response };
  }
}

function checkElicitation(params: JsonObject, response: JsonObject): CheckedAnswer {
  const { action, content } = response;
  if (action === "decline" || action === "cancel") return { ok: true, response: { action } };
  if (action !== "accept") return refuse('action must be "accept", "decline" or "cancel"');
  // What a person does at the address goes past the client (elicitation, "URL Mode").
  if (params.mode === "url") return { ok: true, response: { action } };
  const schema = isObject(params.requestedSchema) ? params.requestedSchema : {};
  const fields = isObject(schema.properties) ? schema.properties : {};
  const given = content ?? {};
  if (!isObject(given)) return refuse("content must be an object");
  // A default that its own schema refuses ("" for an e-mail address) is no answer anybody gave: the field is left out.
  const defaults = Object.entries(fields).flatMap(([name, field]) =>
    own(given, name) === undefined &&
    isObject(field) &&
    field.default !== undefined &&
    checkField(field, field.default) === undefined
      ? [[name, field.default]]
      : [],
  );
  const filled: JsonObject = { ...given, ...Object.fromEntries(defaults) };
  const required = textsIn(schema.required) ?? [];
  const problems = [
    ...required.filter((name) => own(filled, name) === undefined).map((name) => `${name} is required`),
    ...Object.entries(fields).flatMap(([name, field]) => {
      const value = own(filled, name);
      const problem = value === undefined ? undefined : checkField(field, value);
      return problem === undefined ? [] : [`${name} ${problem}`];
    }),
  ];
  return problems.length > 0 ? refuse(...problems) : { ok: true, response: { action, content: filled } };
}

/** The primitive schemas of a form (elicitation, "Requested Schema"). What is wrong with the value, if anything. */
function checkField(schema: unknown, value: unknown): string | undefined {
  if (!isObject(schema)) return undefined;
  switch (schema.type) {
    case "string":
      return checkString(schema, value);
    case "number":
    case "integer":
      return checkNumber(schema, value);
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "array":
      return checkChoices(schema, value);
    default:
      return undefined;
  }
}

function checkString(schema: JsonObject, value: unknown): string | undefined {
  if (typeof value !== "string") return "must be a text";
  const choices = choicesOf(schema);
  if (choices && !choices.includes(value)) return `must be one of ${choices.join(", ")}`;
  const { minLength, maxLength, format } = schema;
  // JSON Schema counts characters, not UTF-16 units.
  const length = [...value].length;
  if (typeof minLength === "number" && length < minLength)
    return `must have at least ${minLength} characters`;
  if (typeof maxLength === "number" && length > maxLength) return `must have at most ${maxLength} characters`;
  return typeof format === "string" && FORMATS.get(format)?.(value) === false
    ? `must be a ${format}`
    : undefined;
}

function checkNumber({ type, minimum, maximum }: JsonObject, value: unknown): string | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return "must be a number";
  if (type === "integer" && !Number.isInteger(value)) return "must be a whole number";
  if (typeof minimum === "number" && value < minimum) return `must be at least ${minimum}`;
  if (typeof maximum === "number" && value > maximum) return `must be at most ${maximum}`;
  return undefined;
}

function checkChoices(schema: JsonObject, value: unknown): string | undefined {
  if (!Array.isArray(value)) return "must be a list";
  const choices = isObject(schema.items) ? choicesOf(schema.items) : undefined;
  const fits = value.every((chosen) => typeof chosen === "string" && choices?.includes(chosen) !== false);
  if (!fits) return `must be chosen from ${choices?.join(", ") ?? "texts"}`;
  const { minItems, maxItems } = schema;
  if (typeof minItems === "number" && value.length < minItems) return `needs at least ${minItems} choices`;
  if (typeof maxItems === "number" && value.length > maxItems) return `takes at most ${maxItems} choices`;
  return undefined;
}

function choicesOf(schema: JsonObject): readonly string[] | undefined {
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
  ["date", (value) => /^\d{4}-\d\d-\d\d$/.test(value) && isCalendarDay(value)],
  ["date-time", (value) => DATE_TIME.test(value) && isCalendarDay(value.slice(0, 10))],
]);
const EMAIL =
  /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@([a-z\d]([a-z\d-]*[a-z\d])?\.)+[a-z\d]([a-z\d-]*[a-z\d])?$/i;
const URI_TEXT = /^([\w\-.~!$&'()*+,;=:@/?#[\]]|%[\da-f]{2})+$/i;
const URI =
  /^[a-z][a-z\d+.-]*:(\/\/([^/?#@[\]]*@)?(\[[\da-f:.]+\]|[^/?#@:[\]]*)(:\d*)?(\/[^?#[\]]*)?|\/?[^/?#[\]][^?#[\]]*|\/)(\?[^#[\]]*)?(#[^#[\]]*)?$/i;
/** RFC 3339: unlike ISO 8601 it has no 24:00, and always a zone. */
const DATE_TIME =
  /^\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** `Date` would take the 31st of February for a day of March. */
function isCalendarDay(value: string): boolean {
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}

function isFileUri(uri: unknown): boolean {
  return typeof uri === "string" && uri.startsWith("file://");
}

function refuse(...problems: string[]): CheckedAnswer {
  return { ok: false, problems };
}
