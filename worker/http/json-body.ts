import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { limitsOf } from "../config/limits.ts";
import { jsonDepth } from "./json-depth.ts";
import { ProblemError } from "./problem.ts";

/** What a call has around its arguments, in bytes: names, the webhook, white space. */
const ENVELOPE_BYTES = 16_384;
/** Deeper than any arguments a tool takes, and far from the end of a stack. */
const MAX_DEPTH = 64;

/** Lets through a body that is JSON by its type, not too large and not too deep. The routes' schemas look at the rest. */
export const jsonBody: MiddlewareHandler = async (c, next) => {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new ProblemError(415, "unsupported-media-type", "The body must be application/json.");
  }
  const { argumentBytes } = limitsOf(c.env);
  const maxSize = argumentBytes + ENVELOPE_BYTES;
  const read = async (): Promise<void> => {
    if (jsonDepth(await c.req.text()) > MAX_DEPTH) {
      throw new ProblemError(422, "malformed", `The body is nested deeper than ${MAX_DEPTH} levels.`);
    }
    await next();
  };
  // The engine holds a body to its length. That of most is given, and a stream need not be made of it.
  const length = c.req.header("content-length");
  if (length !== undefined && Number(length) <= maxSize && c.req.header("transfer-encoding") === undefined)
    return read();
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw tooLarge(argumentBytes);
    },
  });
  // What it gives is what `next` gave: nothing.
  await limit(c, read);
};

/** @throws ProblemError if the JSON of a value has more bytes than the arguments of a call may have. */
export function checkSize(value: unknown, env: object): void {
  const { argumentBytes } = limitsOf(env);
  if (new TextEncoder().encode(JSON.stringify(value)).byteLength > argumentBytes)
    throw tooLarge(argumentBytes);
}

function tooLarge(bytes: number): ProblemError {
  return new ProblemError(413, "too-large", `More than ${bytes} bytes of JSON are not taken.`);
}
