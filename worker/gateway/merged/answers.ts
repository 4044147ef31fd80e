import { inTime } from "../../http/in-time.ts";
import { log } from "../../operations/log.ts";
import type { Caller, CallerEndpoint } from "../caller.ts";

/** How long endpoints may take while none has answered, in ms. */
export const PATIENCE_MS = 10_000;
/** How long one may take that is known by no earlier answer, in ms: a server that has to start takes some. */
const FIRST_MS = 5_000;
/** The others get this many times what the slowest took that has answered, and at least so many ms. */
const GRACE = 2;
const BRIEF_MS = 1_000;
/** How long one may take that was silent a moment ago, in ms, where the others take less. */
const QUICK_MS = 100;
/** How long it is remembered that an endpoint was silent, in ms. */
const SILENCE_MS = 60_000;

/** Since when each endpoint hangs, in this isolate. There are as many as are configured. */
const hangingSince = new Map<string, number>();

export interface Answer<T> {
  readonly endpoint: CallerEndpoint;
  readonly answer: T;
}

/**
 * Asks every endpoint at the same time, and answers about as soon as the slowest of those that live: one that hangs is waited for
 * twice as long as the others took, and within a minute after that no longer than they take. Then its last answer counts;
 * without one, it is left out, like an endpoint that fails: it costs no other its part. In the order of the configuration.
 * @param last What an endpoint answered when it last did; undefined if that is not known.
 */
export async function answersOf<T>(
  caller: Caller,
  ask: (endpoint: CallerEndpoint) => Promise<T>,
  last?: (endpoint: CallerEndpoint) => Promise<T | undefined>,
): Promise<readonly Answer<T>[]> {
  const began = Date.now();
  const answers = new Map<CallerEndpoint, Answer<T>>();
  const open = new Map<CallerEndpoint, Promise<void>>();
  const settled = new Set<Promise<void>>();
  /** After how many ms the slowest answered that has. */
  let slowest: number | undefined;
  for (const endpoint of caller.endpoints) {
    const { name } = endpoint;
    const asked: Promise<void> = ask(endpoint)
      .then((answer) => {
        hangingSince.delete(name);
        slowest = Date.now() - began;
        answers.set(endpoint, { endpoint, answer });
      })
      .catch((error: unknown) => leftOut(name, String(error)))
      .finally(() => {
        open.delete(endpoint);
        settled.add(asked);
      });
    open.set(endpoint, asked);
  }
  const isSilent = ({ name }: CallerEndpoint): boolean =>
    began < (hangingSince.get(name) ?? Number.NEGATIVE_INFINITY) + SILENCE_MS;
  const areSilent = (): boolean => [...open.keys()].every(isSilent);
  /** Waits until all have answered, or so many ms are over since they were asked. */
  const wait = async (patience: () => number): Promise<void> => {
    for (;;) {
      const ms = began + patience() - Date.now();
      if (open.size === 0 || ms <= 0) return;
      await inTime(Promise.race(open.values()), ms).catch(() => undefined);
    }
  };
  await wait(() => {
    if (areSilent()) return Math.max(QUICK_MS, slowest ?? BRIEF_MS);
    return slowest === undefined ? PATIENCE_MS : Math.max(BRIEF_MS, GRACE * slowest);
  });
  const hanging = [...open];
  await Promise.all(
    hanging.map(async ([endpoint]) => {
      const answer = await inTime(Promise.resolve(last?.(endpoint)), BRIEF_MS).catch(() => undefined);
      if (answer !== undefined && open.delete(endpoint)) answers.set(endpoint, { endpoint, answer });
    }),
  );
  await wait(() => (areSilent() ? 0 : FIRST_MS));
  for (const { name } of open.keys()) leftOut(name, "It does not answer");
  for (const [endpoint, asked] of hanging) {
    if (settled.has(asked)) continue;
    if (!isSilent(endpoint)) hangingSince.set(endpoint.name, Date.now());
    caller.late.add(asked);
  }
  return caller.endpoints.flatMap((endpoint) => answers.get(endpoint) ?? []);
}

function leftOut(endpoint: string, error: string): void {
  log("gateway-endpoint-left-out", { endpoint, error });
}
