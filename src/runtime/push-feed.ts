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
export interface PushFeed {
  watch(taskId: string, id: string): void;
  unwatch(taskId: string): void;
  /** The server says for which tasks it pushes; one that pushes for none is not asked again. */
  acknowledged(taskIds: readonly unknown[]): void;
  close(): void;
}

export function createPushFeed(server: Server, { clock, timing, pushing }: PushFeedOptions): PushFeed {
  /** Record ids by the server's task ids. */
  const wanted = new Map<string, string>();
  let listened: ReadonlySet<string> = new Set();
  let stream: AbortController | undefined;
  let cancelOpening: (() => void) | undefined;
  let failures = 0;
  let refused = false;

  function close(): void {
    cancelOpening?.();
    cancelOpening = undefined;
    const open = stream;
    stream = undefined;
    listened = new Set();
    open?.abort();
  }

  function openAfter(ms: number): void {
    if (refused) return;
    cancelOpening = clock.after(ms, () => {
      cancelOpening = undefined;
      void open();
    });
  }

  function refuse(): void {
    refused = true;
    // Kept with the session; where it cannot be, the next page asks again.
    server.pushRefused().catch(() => undefined);
  }

  async function open(): Promise<void> {
    const earlier = stream;
    const opened = new AbortController();
    stream = opened;
    listened = new Set(wanted.keys());
    earlier?.abort();
    const frame = {
      method: "subscriptions/listen",
      params: { notifications: { taskIds: [...listened] } },
    };
    const openedAt = clock.now();
    const failure = await server
      .request(frame, { timeoutMs: Number.POSITIVE_INFINITY, signal: opened.signal })
      .then(
        (): RequestFailure => ({ kind: "network", message: "The server ended the subscription" }),
        failureFrom,
      );
    if (stream !== opened) return;
    stream = undefined;
    listened = new Set();
    pushing([...wanted.values()], false);
    if (isRefusal(failure)) refuse();
    if (wanted.size === 0) return;
    // A stream that lived for a while was no failure; one that ends at once must not be asked for in a loop.
    failures = clock.now() - openedAt > timing.maxBackoffMs ? 1 : failures + 1;
    openAfter(Math.max(demandedMs(failure, timing) ?? 0, backoffDelay(server.name, failures, timing)));
  }

  return {
    watch(taskId, id) {
      wanted.set(taskId, id);
      if (!listened.has(taskId) && !cancelOpening) openAfter(GATHER_MS);
    },
    unwatch(taskId) {
      if (wanted.delete(taskId) && wanted.size === 0) close();
    },
    acknowledged(taskIds) {
      const ids = new Set(
        taskIds.flatMap((taskId) => (typeof taskId === "string" && wanted.get(taskId)) || []),
      );
      const others = [...wanted.values()].filter((id) => !ids.has(id));
      // The subscription before this one may have had them.
      if (others.length > 0) pushing(others, false);
      if (ids.size === 0) {
        refuse();
        close();
      } else pushing([...ids], true);
    },
    close,
  };
}

/** The server has no such subscription, and will not have one a minute later. */
function isRefusal(failure: RequestFailure): boolean {
  return failure.kind === "rpc" || (failure.kind === "http" && failure.status >= 400 && failure.status < 429);
}
