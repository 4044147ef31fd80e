import type { TaskRecord } from "../engine/record.ts";
import { mayHaveUnclaimedTask } from "../engine/record.ts";
import { listed, listFailed } from "../engine/recovery.ts";
import type { RecoveryRules } from "../engine/recovery-rules.ts";
import type { TaskEvent } from "../engine/state.ts";
import { listedFor, type Unclaimed } from "../engine/unclaimed-tasks.ts";
import { protocolOf } from "../protocol/registry.ts";
import { RecentSet } from "../recent-set.ts";
import { readRecord } from "../store/read-record.ts";
import type { TaskStore } from "../store/task-store.ts";
import type { AskOptions, Server } from "./server.ts";
import type { RunningEndpoint } from "./task-table.ts";

/** How many tasks that earlier lost calls may have been are remembered. Those forgotten are read from the store with the next list. */
const MAX_SUSPECTED = 1_000;

/**
 * Lists the tasks of a server, and returns what says which of them the call may be, as of when it is called. Throws a
 * RequestFailedError.
 */
export type SearchLostCall = (
  record: TaskRecord,
  server: Server,
  endpoint: RunningEndpoint,
) => Promise<() => TaskEvent>;

/**
 * Looks for the tasks of calls whose replies never came, among those that a server lists (2025-11-25).
 * @param options Those of the list. It serves several calls: the end of one must not abort it.
 */
function lostCalls(store: TaskStore, options: AskOptions): SearchLostCall {
  /** A later lost call must not take one of these for certain. */
  const suspected = new RecentSet<string>(MAX_SUSPECTED);

  async function list({ endpoint, generation, call }: TaskRecord, server: Server): Promise<Unclaimed> {
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
    return { tasks: listed.filter(({ snapshot }) => !claimed.has(snapshot.taskId)), calls };
  }

  return async (record, server, endpoint) => {
    const { encodeList } = protocolOf(record.generation);
    const key = JSON.stringify(encodeList?.(undefined, record.call));
    const unclaimed = await endpoint.unclaimed(key, () => list(record, server));
    return () => {
      const running = [...endpoint.tasks.values()].map(({ state }) => state.record);
      const isClaimed = (taskId: string): boolean => endpoint.named.has(taskId);
      return listedFor(record, unclaimed, running, isClaimed, (taskId) => suspected.has(taskId));
    };
  };
}

/** How a client finds a call again whose reply never came: its part `recovery`. */
export interface RecoveryPart extends RecoveryRules {
  readonly lostCalls: (store: TaskStore, options: AskOptions) => SearchLostCall;
}

export const RECOVERING: RecoveryPart = { listed, listFailed, lostCalls };
