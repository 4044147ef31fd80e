import { z } from "zod";
import { base64url, fromBase64url } from "../../http/base64.ts";

/** How far a watcher has come in each group, by `<endpoint>.<shard>`. */
export type Positions = ReadonlyMap<string, number>;

/** More than any watcher's position has, in characters. */
const MAX_LENGTH = 16_384;

const positionsSchema = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}\.(0|[1-9]\d{0,3})$/),
  z.int().min(0),
);

/** Positions as one opaque word, for an event's id. */
export function encodePositions(positions: Positions): string {
  const json = JSON.stringify(Object.fromEntries(positions));
  return base64url(json);
}

/** Returns `undefined` for a text that is not one of our positions: the watcher then receives everything anew. */
export function decodePositions(text: string): Positions | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  try {
    const json: unknown = JSON.parse(fromBase64url(text));
    const read = positionsSchema.safeParse(json);
    return read.success ? new Map(Object.entries(read.data)) : undefined;
  } catch {
    return undefined;
  }
}
