import { limitsOf } from "../config/limits.ts";
import { follow, pause } from "../http/follow.ts";
import { ProblemError, retryAfter } from "../http/problem.ts";
import { onStreamEnd } from "../http/stream-end.ts";
import type { PrincipalObjects } from "./objects.ts";

/** When to try again while all streams are in use, in ms. Nobody knows when one of them ends. */
const RETRY_MS = 10_000;

/**
 * One of the event streams a principal may have open: a stream of the directory, which counts those it has. It ends with the
 * watcher's own, however that ends.
 */
export class Seat {
  readonly #objects: PrincipalObjects;
  readonly #address: string;
  #first: Response | undefined;

  private constructor(objects: PrincipalObjects, address: string, first: Response) {
    this.#objects = objects;
    this.#address = address;
    this.#first = first;
  }

  /** @throws ProblemError 429 if all are taken. */
  static async taken(env: object, objects: PrincipalObjects): Promise<Seat> {
    const { streams } = limitsOf(env);
    const address = `https://directory/groups/events?streams=${streams}`;
    const first = await objects.directory.fetch(address);
    if (first.status !== 429) return new Seat(objects, address, first);
    const detail = `You have ${streams} event streams open, and no more are allowed.`;
    throw new ProblemError(429, "streams", detail, retryAfter(RETRY_MS));
  }

  /** Holds the seat for as long as the stream of the response lasts; a response without a stream gives it back at once. */
  async heldBy(open: () => Response | Promise<Response>): Promise<Response> {
    const leaving = new AbortController();
    const { signal } = leaving;
    void follow({ open: (ending) => this.open(ending), take: async () => undefined, signal, pause });
    const leave = (): void => leaving.abort();
    try {
      const response = await open();
      if (response.headers.get("content-type")?.startsWith("text/event-stream"))
        return onStreamEnd(response, leave);
      leave();
      return response;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** The directory's stream of groups: the one that was opened when the seat was taken, then others after it broke. */
  async open(signal: AbortSignal): Promise<Response> {
    const first = this.#first;
    this.#first = undefined;
    return first ?? this.#objects.directory.fetch(this.#address, { signal });
  }
}
