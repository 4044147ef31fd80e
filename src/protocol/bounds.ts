import { isShallow, jsonText } from "./json.ts";

/**
 * How much of what a server says is stored, in UTF-16 code units. Decoders cut it, so that no later stage sees more.
 * Records are read, listed and copied between processes, and a row of a Durable Object takes 2 MB; a result alone may be
 * longer, and is stored apart.
 */
export const MAX_MESSAGE = 2_000;
/** Of the JSON text of an error's data, and of a reply that cannot be read. */
export const MAX_RAW = 4_000;
/** Of what a server wants a model to know about it, which is kept with the session. */
export const MAX_INSTRUCTIONS = 16_384;
/** Of the JSON text of a task's questions together, and of the state that a call has to send back. */
export const MAX_QUESTIONS = 262_144;

/** Of a whole reply, or an event of a stream, before anything is made of it: more is not read, so that no server fills the memory. */
export const MAX_REPLY = 67_108_864;

/** What is thrown for a reply, or an event, that is longer than {@link MAX_REPLY}. */
export function tooLong(): RangeError {
  return new RangeError(`The server's message is longer than ${MAX_REPLY} characters`);
}

/** The longest wait that a server or the worker can ask for, in ms: `Retry-After` beyond it counts as a mistake. */
export const LONGEST_WAIT_MS = 3_600_000;

/** About what a value takes in memory beside its text, in bytes. */
const VALUE_BYTES = 32;

/**
 * About what a JSON text takes in memory once it is parsed, in bytes. The length alone does not bound it: 256 Ki characters of
 * empty objects are 87,000 objects.
 * @example
 * if (jsonWeight(text) > 1_000_000) throw new RangeError("The text takes more than 1 MB once it is parsed");
 */
export function jsonWeight(text: string): number {
  return text.length + VALUE_BYTES * (text.match(/[[{,]/g)?.length ?? 0);
}

/** Of the name of a question, which has to go back whole: a question with a longer one is not taken. */
export const MAX_KEY = 2_000;

/** The text, or its beginning and how long it was. Never cuts a surrogate pair. */
export function cutText(text: string, max: number = MAX_MESSAGE): string {
  return text.length <= max ? text : `${text.slice(0, pairStart(text, max))}… (${text.length} characters)`;
}

/** The JSON value, or the beginning of its text if that is too long. */
export function cutJson(value: unknown, max: number = MAX_RAW): unknown {
  const text = jsonText(value);
  return text.length <= max && isShallow(value) ? value : cutText(text, max);
}

/** The last place to cut at or before `end` that does not fall inside a surrogate pair: half of one has no UTF-8. */
export function pairStart(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
