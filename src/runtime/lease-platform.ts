import { type Clock, elapsedBy } from "../clock.ts";
import { randomId } from "../random-id.ts";
import type { LeaseTable } from "../store/lease-table.ts";
import { type LeaseLocks, leaseLocks } from "./lease-locks.ts";
import { postQueue } from "./post-queue.ts";
import type { Channel, TabPlatform } from "./tab-platform.ts";

/** How long messages stay in the store, in ms. A process that did not read for half of it may have missed some. */
const MESSAGE_MS = 120_000;

export interface LeaseTimes {
  /** How long a lease lasts that its holder does not renew, in ms. */
  readonly leaseMs: number;
  /** How often a process reads messages and looks for free leases, in ms. */
  readonly pollMs: number;
}

/** The processes that share a store, as the tabs of a browser: leases instead of Web Locks, messages instead of a BroadcastChannel. */
export interface LeasePlatform extends TabPlatform {
  readonly locks: LeaseLocks;
  /** Reads messages now. */
  wake(): void;
  /** Resolves when all that was posted and released is in the store, or that failed, and nothing is being read. */
  quiet(): Promise<void>;
}

/** @param failed A read or write of the table failed; it is tried again. */
export function leasePlatform(
  table: LeaseTable,
  clock: Clock,
  { leaseMs, pollMs }: LeaseTimes,
  failed: (error: unknown) => void,
): LeasePlatform {
  const time = (): number => elapsedBy(clock);
  const outbox = postQueue(failed);
  const ports = new Map<string, { readonly name: string; readonly channel: Channel }>();
  const missed = new Set<() => void>();
  let start = (): void => undefined;
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  let position: string | undefined;
  let readAt = time();
  let prunedAt = time();
  let cancel: (() => void) | undefined;
  let beating: Promise<void> | undefined;
  let again = false;
  const locks = leaseLocks(
    table,
    clock,
    leaseMs,
    outbox,
    started,
    (waits) => (waits ? beat() : schedule()),
    failed,
  );

  /** Reads the messages that came, and attends to the leases. One at a time; one that is asked for meanwhile follows. */
  function beat(): void {
    again = beating !== undefined;
    if (beating) return;
    cancel?.();
    cancel = undefined;
    beating = attend()
      .catch(failed)
      .then(() => {
        beating = undefined;
        if (again) beat();
        else schedule();
      });
  }

  function schedule(): void {
    if (!beating && (ports.size > 0 || locks.busy())) cancel ??= clock.after(pollMs, beat);
  }

  async function attend(): Promise<void> {
    await locks.attend();
    await read();
    await outbox.flush();
    if (time() - prunedAt < MESSAGE_MS) return;
    prunedAt = time();
    await table.prune(MESSAGE_MS);
  }

  async function read(): Promise<void> {
    const news = await table.read(position);
    const late = time() - readAt > MESSAGE_MS / 2;
    readAt = time();
    position = news.position;
    start();
    for (const body of news.bodies) {
      const [name, from, data] = JSON.parse(body) as readonly [string, string, unknown];
      for (const [id, port] of ports)
        if (port.name === name && id !== from) port.channel.onmessage?.({ data });
    }
    if (late) for (const callback of missed) callback();
  }

  return {
    locks,
    openChannel(name) {
      const id = randomId();
      const channel: Channel = {
        postMessage: (message) => outbox.add(() => table.post(JSON.stringify([name, id, message]))),
        onmessage: null,
        close: () => ports.delete(id),
      };
      ports.set(id, { name, channel });
      beat();
      return channel;
    },
    // A process is not throttled, and never steals because another one is silent: its lease expires.
    visible: () => false,
    onVisible(callback) {
      missed.add(callback);
      return () => missed.delete(callback);
    },
    answerMs: leaseMs,
    wake: beat,
    async quiet() {
      cancel?.();
      cancel = undefined;
      await beating;
      await outbox.flush();
    },
  };
}
