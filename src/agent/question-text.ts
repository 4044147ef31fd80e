import { type InputRequest, isInputMethod } from "../protocol/input-request.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";
import { answerRefused, answerSchema, openAddress, question } from "./messages.ts";
import { plainFields, plainText, quoted } from "./quoting.ts";

/** A question of the server, for the model: its texts are the server's, made plain and bounded. */
export interface AskedInput {
  /** What `answer_task` takes. */
  readonly key: string;
  readonly method: string;
  readonly params: JsonObject;
  /** Why the server refused the latest answer. */
  readonly refusal?: string;
}

/** @param limit How much of a text by the server is quoted, in characters. */
export function askedInput({ key, method, params, refusal }: InputRequest, limit?: number): AskedInput {
  return {
    key: plainText(key, limit),
    method: plainText(method, 64),
    params: plainFields(params, limit),
    ...(refusal !== undefined && { refusal: plainText(refusal, limit) }),
  };
}

/** The line of a question. */
export function questionText({ key, method, params, refusal }: AskedInput): string {
  const words = typeof params.message === "string" ? `: ${JSON.stringify(params.message)}` : "";
  const asked = isInputMethod(method) ? method : quoted(method, 64);
  const refused = refusal === undefined ? "" : answerRefused(JSON.stringify(refusal));
  return question(JSON.stringify(key), asked, words, formText(params) + refused);
}

function formText({ mode, url, requestedSchema }: JsonObject): string {
  if (mode === "url") return openAddress(JSON.stringify(url ?? "the address"));
  return isObject(requestedSchema) ? answerSchema(JSON.stringify(requestedSchema)) : "";
}
