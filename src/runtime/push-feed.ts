import type { Clock } from "../clock.ts";
import { failureFrom } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import { demandedMs } from "../engine/retry.ts";
import { backoffDelay, type Timing } from "../engine/schedule.ts";
import type { Server } from "./server.ts";

/** How long further tasks may join before the subscription is opened anew for them, in ms. */
const GATHER_MS = 50;

export interface PushFeedOptions {
  readonly clock: Clock;
  readonly timing: Timing;
  /** Whether the server pushes changes of these tasks (ids of records), from now on. */
  readonly pushing: (ids: readonly string[], on: boolean) => void;
}

/**
 * One `subscriptions/listen` for all tasks of an endpoint (2026-07-28 tasks, "Task Status
 * Notifications"). It only shortens the wait: whenever it is not open, the polls are at full pace.
 */
export class PushFeed {
  readonly #server: Server;
  readonly #options: PushFeedOptions;
  /** Record ids by the server's task ids. */
  readonly #wanted: Map<string, string> = new Map();
  #listened: ReadonlySet<string> = new Set();
  #stream: AbortController | undefined;
  #cancelOpening: (() => void) | undefined;
  #failures = 0;
  #refused = false;

  constructor(server: Server, options: PushFeedOptions) {
    this.#server = server;
    this.#options = options;
  }

  watch(taskId: string, id: string): void {
    this.#wanted.set(taskId, id);
    if (!this.#listened.has(taskId) && !this.#cancelOpening) this.#openAfter(GATHER_MS);
  }

  unwatch(taskId: string): void {
    if (!this.#wanted.delete(taskId) || this.#wanted.size > 0) return;
    this.close();
  }

  /** The server says for which tasks it pushes; one that pushes for none is not asked again. */
  acknowledged(taskIds: readonly unknown[]): void {
    const ids = new Set(
      taskIds.flatMap((taskId) => (typeof taskId === "string" && this.#wanted.get(taskId)) || []),
    );
    const others = [...this.#wanted.values()].filter((id) => !ids.has(id));
    // The subscription before this one may have had them.
    if (others.length > 0) this.#options.pushing(others, false);
    if (ids.size === 0) {
      this.#refuse();
      this.close();
    } else this.#options.pushing([...ids], true);
  }

  close(): void {
    this.#cancelOpening?.();
    this.#cancelOpening = undefined;
    const stream = this.#stream;
    this.#stream = undefined;
    this.#listened = new Set();
    stream?.abort();
  }

  #openAfter(ms: number): void {
    if (this.#refused) return;
    this.#cancelOpening = this.#options.clock.after(ms, () => {
      this.#cancelOpening = undefined;
      void this.#open();
    });
  }

  #refuse(): void {
    this.#refused = true;
    // Kept with the session; where it cannot be, the next page asks again.
    this.#server.pushRefused().catch(() => undefined);
  }

  async #open(): Promise<void> {
    const earlier = this.#stream;
    const stream = new AbortController();
    this.#stream = stream;
    this.#listened = new Set(this.#wanted.keys());
    earlier?.abort();
    const frame = {
      method: "subscriptions/listen",
      params: { notifications: { taskIds: [...this.#listened] } },
    };
    const opened = this.#options.clock.now();
    const failure = await this.#server
      .request(frame, { timeoutMs: Number.POSITIVE_INFINITY, signal: stream.signal })
      .then(
        (): RequestFailure => ({ kind: "network", message: "The server ended the subscription" }),
        failureFrom,
      );
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    this.#listened = new Set();
    this.#options.pushing([...this.#wanted.values()], false);
    if (isRefusal(failure)) this.#refuse();
    if (this.#wanted.size === 0) return;
    // A stream that lived for a while was no failure; one that ends at once must not be asked for in a loop.
    const lived = this.#options.clock.now() - opened > this.#options.timing.maxBackoffMs;
    this.#failures = lived ? 1 : this.#failures + 1;
    const { timing } = this.#options;
    const backoff = backoffDelay(this.#server.name, this.#failures, timing);
    this.#openAfter(Math.max(demandedMs(failure, timing) ?? 0, backoff));
  }
}

/** The server has no such subscription, and will not have one a minute later. */
function isRefusal(failure: RequestFailure): boolean {
  return failure.kind === "rpc" || (failure.kind === "http" && failure.status >= 400 && failure.status < 429);
}
