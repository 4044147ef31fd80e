import * as z from "zod";
import { type ClientAbilities, NO_ABILITIES } from "../../../front/client-capabilities.ts";
import { base64url, fromBase64url } from "../../http/base64.ts";
import { RecentMap } from "../../recent-map.ts";

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

/** What the client said of itself in `initialize`. */
export interface SessionClient {
  readonly abilities: ClientAbilities;
  readonly name?: string | undefined;
  /** It declared MCP Events as an extension. */
  readonly events: boolean;
}

/** How many sessions are remembered as they were read, the latest. */
const MOST_READ = 1_000;
const read = new RecentMap<string | null, SessionClient>(MOST_READ);

/** An id that cannot be read, from an earlier release say, is a session all the same: of a client that can do nothing. */
export function clientOfSession(sessionId: string | null): SessionClient {
  const client = read.get(sessionId) ?? clientIn(sessionId);
  read.set(sessionId, client);
  return client;
}

function clientIn(sessionId: string | null): SessionClient {
  const session = sessionOf(sessionId);
  if (!session) return { abilities: NO_ABILITIES, events: false };
  const { e, u, s, o, n, x = false } = session;
  return { abilities: { elicitation: e, urls: u, sampling: s, roots: o }, name: n, events: x };
}

function sessionOf(sessionId: string | null): z.output<typeof sessionSchema> | undefined {
  if (sessionId === null || !/^[A-Za-z0-9_-]{1,512}$/.test(sessionId)) return undefined;
  try {
    return sessionSchema.parse(JSON.parse(fromBase64url(sessionId)));
  } catch {
    return undefined;
  }
}
