import { log } from "../../operations/log.ts";
import { inTime } from "../../principal/in-time.ts";
import type { Caller, CallerEndpoint } from "../caller.ts";

/** How long an endpoint may take that others are asked beside, in ms: a server that has to start takes some. */
const PATIENCE_MS = 10_000;
/** The same of one that did not answer in that time a moment ago, and how long that is remembered. */
const BRIEF_MS = 1_000;
const SILENCE_MS = 60_000;

/** When each endpoint fell silent, in this isolate. There are as many as are configured. */
const silentSince = new Map<string, number>();

export interface Answer<T> {
  readonly endpoint: CallerEndpoint;
  readonly answer: T;
}

/**
 * Asks every endpoint at the same time. One that fails, or does not answer in time, is left out: it costs no other its part.
 * In the order of the configuration.
 */
export async function answersOf<T>(
  { endpoints }: Caller,
  ask: (endpoint: CallerEndpoint) => Promise<T>,
): Promise<readonly Answer<T>[]> {
  const answers = await Promise.all(
    endpoints.map(async (endpoint) => {
      try {
        return { endpoint, answer: await withPatience(endpoint.name, ask(endpoint)) };
      } catch (error) {
        log("gateway-endpoint-left-out", { endpoint: endpoint.name, error: String(error) });
        return undefined;
      }
    }),
  );
  return answers.filter((answer) => answer !== undefined);
}

async function withPatience<T>(name: string, answer: Promise<T>): Promise<T> {
  const asked = Date.now();
  const isSilent = asked < (silentSince.get(name) ?? Number.NEGATIVE_INFINITY) + SILENCE_MS;
  const ms = isSilent ? BRIEF_MS : PATIENCE_MS;
  try {
    return await inTime(answer, ms);
  } catch (error) {
    if (Date.now() >= asked + ms) silentSince.set(name, Date.now());
    throw error;
  }
}
