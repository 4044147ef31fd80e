/**
 * Several processes that share a database: one of them polls, and another one continues if it dies.
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Host } from "../hosts/host.ts";
import { timerHost } from "../hosts/timer-host.ts";
import type { HostParts } from "../runtime/host-parts.ts";
import { type LeasePlatform, leasePlatform } from "../runtime/lease-platform.ts";
import { storageProblem } from "../runtime/problem.ts";
import { tabEvents } from "../runtime/tab-events.ts";
import { createTabGroup } from "../runtime/tab-group.ts";
import type { LeasedStore } from "../store/lease-table.ts";
import { partLongResult } from "../store/long-result.ts";
import type { TaskStore } from "../store/task-store.ts";
import type { TaskView } from "../task-view.ts";

export type { Host } from "../hosts/host.ts";
export type { Lease, LeasedStore, LeaseTable, NewMessages } from "../store/lease-table.ts";

const SCOPE = "leases";

/** As the tab group names its locks. */
function leaseName(endpoint: string, work: string): string {
  return `holdfast/${SCOPE}/${endpoint}/${work}`;
}

export interface LeaseOptions {
  /**
   * How long a lease lasts that its holder does not renew, in ms (10,000): so long after a process dies or freezes, another one
   * continues its tasks. At most 60,000.
   */
  readonly leaseMs?: number;
  /** How often a process reads the messages of the others, in ms (500): a change in one process is seen in the others so much later. */
  readonly pollMs?: number;
  /** Calls `wake` when a message may have come, for processes that should not wait for the next poll of the store. */
  readonly listen?: (wake: () => void) => void;
}

/**
 * Lets several processes share a store: spread it into the options of each process's TaskClient. For each endpoint one process
 * leads: it alone polls. Any process may start, cancel, answer and await any task. Each write names the tenure of a lease: the
 * store refuses the writes of a process that was paused past its lease and replaced. Each client needs a call of its own.
 *
 * Throws a TypeError if the store has no leases, and a RangeError for unfit times.
 * @example
 * const store = sqliteStore(new DatabaseSync("tasks.db"));
 * const shared = leases(store);
 * const tasks = new TaskClient({ ...shared, endpoints });
 */
export function leases(
  store: LeasedStore,
  { leaseMs = 10_000, pollMs = 500, listen }: LeaseOptions = {},
): { readonly store: TaskStore; readonly host: Host } {
  if (typeof store?.leases?.take !== "function")
    throw new TypeError(
      "leases() needs a store with leases: sqliteStore, postgresStore, redisStore, d1Store, or your own LeasedStore",
    );
  if (!(leaseMs > 0 && leaseMs <= 60_000 && pollMs > 0))
    throw new RangeError("leaseMs must be above 0 and at most 60000, and pollMs above 0");
  let platform: LeasePlatform | undefined;

  function platformOf({ options }: HostParts): LeasePlatform {
    if (platform) return platform;
    platform = leasePlatform(store.leases, options.clock, { leaseMs, pollMs }, (error) =>
      options.report(storageProblem("The leases of this process could not be read or renewed", error)),
    );
    listen?.(platform.wake);
    return platform;
  }

  return {
    store: {
      scope: SCOPE,
      save(record, after) {
        const { endpoint, id } = record;
        const names = [leaseName(endpoint, "leader"), leaseName(endpoint, `call/${id}`)];
        return platform
          ? platform.locks.guard(names, (fence) => store.save(record, after, fence))
          : Promise.resolve(false);
      },
      load: (id) => store.load(id),
      remove: (id) => store.remove(id),
      loadActive: () => store.loadActive(),
      loadSettled: () => store.loadSettled(),
      ...(store.outdated && { outdated: store.outdated.bind(store) }),
      saveSession: (endpoint, session) => store.saveSession(endpoint, session),
      loadSession: (endpoint) => store.loadSession(endpoint),
      ...(store.deliveries && { deliveries: store.deliveries }),
      async close() {
        await platform?.quiet();
        await store.close?.();
      },
    },
    host: {
      ...timerHost(),
      ownership(endpoint, parts) {
        const processes = platformOf(parts);
        const { clock } = parts.options;
        const storeClock: Clock = {
          now: processes.locks.storeNow,
          after: (ms, callback) => clock.after(ms, callback),
        };
        const group = createTabGroup(
          processes,
          storeClock,
          `${SCOPE}/${endpoint}`,
          tabEvents(parts, endpoint),
        );
        const { publish } = group;
        // The others read a long result from the store when they need it. The store does not hold the result of a plain call.
        return Object.assign(group, {
          publish: (view: TaskView, plain: boolean) =>
            publish(plain ? view : partLongResult(view).record, plain),
        });
      },
    },
  };
}
