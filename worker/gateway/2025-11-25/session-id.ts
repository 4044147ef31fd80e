import * as z from "zod";
import { type ClientAbilities, NO_ABILITIES } from "../../../front/client-capabilities.ts";

const sessionSchema = z.object({
  v: z.literal(1),
  r: z.string(),
  e: z.boolean(),
  u: z.boolean(),
  s: z.boolean(),
  o: z.boolean(),
});

/**
 * A session is its own id: what the client said of itself once is in it, and nothing is kept here that could be lost. It
 * proves nothing and opens nothing; whoever has the token has the tasks.
 */
export function newSessionId(client: ClientAbilities): string {
  const { elicitation: e, urls: u, sampling: s, roots: o } = client;
  const text = JSON.stringify({ v: 1, r: crypto.randomUUID(), e, u, s, o });
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** An id that cannot be read, from an earlier release say, is a session all the same: of a client that can do nothing. */
export function abilitiesIn(sessionId: string | null): ClientAbilities {
  if (sessionId === null || !/^[A-Za-z0-9_-]{1,512}$/.test(sessionId)) return NO_ABILITIES;
  try {
    const json: unknown = JSON.parse(atob(sessionId.replaceAll("-", "+").replaceAll("_", "/")));
    const { e, u, s, o } = sessionSchema.parse(json);
    return { elicitation: e, urls: u, sampling: s, roots: o };
  } catch {
    return NO_ABILITIES;
  }
}
