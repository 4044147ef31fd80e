import type { Clock } from "../clock.ts";
import type { TaskRecord } from "../engine/record.ts";
import { mayHaveUnclaimedTask } from "../engine/record.ts";
import { listed, listFailed } from "../engine/recovery.ts";
import type { RecoveryRules } from "../engine/recovery-rules.ts";
import { failureFrom } from "../engine/request-failed.ts";
import { isAway } from "../engine/request-failure.ts";
import type { TaskEvent } from "../engine/state.ts";
import { CLOCK_SKEW_MS, listedFor, type Unclaimed } from "../engine/unclaimed-tasks.ts";
import type { ListReading } from "../protocol/pages.ts";
import { protocolOf } from "../protocol/registry.ts";
import type { TaskReading } from "../protocol/task-reading.ts";
import { RecentSet } from "../recent-set.ts";
import { readRecord } from "../store/read-record.ts";
import type { TaskStore } from "../store/task-store.ts";
import type { AskOptions, Server } from "./server.ts";
import { createSharedList } from "./shared-list.ts";
import type { RunningTask } from "./task-table.ts";

/** How many tasks that earlier lost calls may have been are remembered. Those forgotten are read from the store with the next list. */
const MAX_SUSPECTED = 1_000;

/** Lists the tasks of a server, and returns what says which of them the call may be, as of when it is called. */
export type SearchLostCall = (
  record: TaskRecord,
  server: Server,
  task: RunningTask,
) => Promise<() => TaskEvent>;

/** The tasks that a server lists, as far as they were read. */
interface Search extends ListReading<TaskReading> {
  /** When its first request left. */
  begun?: number;
}

/**
 * Looks for the tasks of calls whose replies never came, among those that a server lists (2025-11-25).
 * @param gapMs How long after one list of a server the next begins, in ms.
 * @param options Those of the list. It serves several calls: the end of one must not abort it.
 */
function lostCalls(store: TaskStore, clock: Clock, gapMs: number, options: AskOptions): SearchLostCall {
  /** Searches that have not begun, by endpoint and request. */
  const upcoming: Record<string, Search> = {};
  /**
   * The search that each call goes on with after a failure. A call that was lost later must not join it: the task of that call may
   * have come to a page that was read before.
   */
  const searches = new WeakMap<RunningTask, Search>();
  /** A later lost call must not take one of these for certain. */
  const suspected = new RecentSet<string>(MAX_SUSPECTED);

  function upcomingAt(key: string): Search {
    upcoming[key] ??= { items: new Map(), cursors: new Set() };
    return upcoming[key];
  }

  async function list(
    { endpoint, generation, call }: TaskRecord,
    server: Server,
    search: Search,
  ): Promise<Unclaimed> {
    const { encodeList, decodeList } = protocolOf(generation);
    if (!encodeList || !decodeList) throw new TypeError(`No list request in ${generation}`);
    const listed = await server.list(
      "tasks/list",
      async (cursor) => {
        const reply = await server.request(encodeList(cursor, call), options, generation);
        const { readings: items, ...rest } = decodeList(reply);
        return { items, ...rest };
      },
      ({ snapshot }) => snapshot.taskId,
      search,
    );
    const claimed = new Set<unknown>();
    const calls: TaskRecord[] = [];
    for (const stored of [...(await store.loadActive()), ...(await store.loadSettled())]) {
      const reading = readRecord(stored);
      if (reading.kind !== "record" || reading.record.endpoint !== endpoint) continue;
      const { taskId, outcome } = reading.record;
      claimed.add(taskId);
      const candidates: unknown = outcome?.kind === "lost" && outcome.candidates;
      if (Array.isArray(candidates)) for (const id of candidates) suspected.add(String(id));
      if (mayHaveUnclaimedTask(reading.record)) calls.push(reading.record);
    }
    const tasks = listed.filter(({ snapshot }) => !claimed.has(snapshot.taskId));
    return { tasks, calls, readOf: search.readOf };
  }

  return async (record, server, task) => {
    const { endpoint } = task;
    const { encodeList } = protocolOf(record.generation);
    const key = JSON.stringify([record.endpoint, encodeList?.(undefined, record.call)]);
    const earlier = searches.get(task);
    const isFresh = earlier?.begun && clock.now() < earlier.begun + CLOCK_SKEW_MS;
    const search = isFresh ? earlier : upcomingAt(key);
    searches.set(task, search);
    const pages = search.cursors.size;
    let unclaimed: Unclaimed;
    endpoint.unclaimed ??= createSharedList(clock, gapMs);
    try {
      unclaimed = await endpoint.unclaimed(search, () => {
        if (!search.begun) {
          search.begun = clock.now();
          delete upcoming[key];
        }
        return list(record, server, search);
      });
      searches.delete(task);
    } catch (error) {
      const failure = failureFrom(error);
      // The server may have forgotten the cursor.
      if (!isAway(failure)) searches.delete(task);
      const advanced = search.cursors.size > pages;
      return () => ({ type: "requestFailed", operation: "list", failure, advanced });
    }
    return () => {
      const running = [...endpoint.tasks.values()].map(({ state }) => state.record);
      const isClaimed = (taskId: string): boolean => endpoint.named.has(taskId);
      return listedFor(record, unclaimed, running, isClaimed, (taskId) => suspected.has(taskId));
    };
  };
}

/** How a client finds a call again whose reply never came: its part `recovery`. */
export interface RecoveryPart extends RecoveryRules {
  readonly lostCalls: typeof lostCalls;
}

export const RECOVERING: RecoveryPart = { listed, listFailed, lostCalls };
