import * as z from "zod";
import { type ClientAbilities, NO_ABILITIES } from "../../../front/client-capabilities.ts";
import { base64url, fromBase64url } from "../../http/base64.ts";

const sessionSchema = z.object({
  v: z.literal(1),
  r: z.string(),
  e: z.boolean(),
  u: z.boolean(),
  s: z.boolean(),
  o: z.boolean(),
  n: z.string().optional(),
  x: z.boolean().optional(),
});

/** How much of a client's name is kept, in characters. */
const NAME_LENGTH = 64;

/**
 * A session is its own id: what the client said of itself once is in it, and nothing is kept here that could be lost. It
 * proves nothing and opens nothing; the token alone gives access to the tasks.
 */
export function newSessionId(client: ClientAbilities, name?: string, declaresEvents = false): string {
  const { elicitation: e, urls: u, sampling: s, roots: o } = client;
  // Base64 takes no other characters.
  const n = name?.replace(/[^ -~]/g, "?").slice(0, NAME_LENGTH);
  const text = JSON.stringify({
    v: 1,
    r: crypto.randomUUID(),
    e,
    u,
    s,
    o,
    n,
    ...(declaresEvents && { x: true }),
  });
  return base64url(text);
}

/** An id that cannot be read, from an earlier release say, is a session all the same: of a client that can do nothing. */
export function abilitiesIn(sessionId: string | null): ClientAbilities {
  const session = sessionOf(sessionId);
  if (!session) return NO_ABILITIES;
  const { e, u, s, o } = session;
  return { elicitation: e, urls: u, sampling: s, roots: o };
}

/** Returns what the client called itself in `initialize`; undefined for an id that cannot be read. */
export function clientNameIn(sessionId: string | null): string | undefined {
  return sessionOf(sessionId)?.n;
}

/** Whether the client declared MCP Events as an extension in `initialize`. */
export function eventsIn(sessionId: string | null): boolean {
  return sessionOf(sessionId)?.x ?? false;
}

function sessionOf(sessionId: string | null): z.output<typeof sessionSchema> | undefined {
  if (sessionId === null || !/^[A-Za-z0-9_-]{1,512}$/.test(sessionId)) return undefined;
  try {
    return sessionSchema.parse(JSON.parse(fromBase64url(sessionId)));
  } catch {
    return undefined;
  }
}
