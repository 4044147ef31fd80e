import { isForgotten } from "../engine/reused-id.ts";
import type { Operation, TaskEvent, TaskState } from "../engine/state.ts";
import type { Unclaimed } from "../engine/unclaimed-tasks.ts";
import type { Gate } from "./gate.ts";
import type { PushFeed } from "./push-feed.ts";
import type { Server } from "./server.ts";
import type { SharedList } from "./shared-list.ts";

/** A task in the hands of this process: from when it is started or resumed until it is released. */
export interface RunningTask {
  readonly id: string;
  readonly endpoint: RunningEndpoint;
  state: TaskState;
  /** Replaced when the task was rebased on the record of another process. */
  tenure: Tenure;
  /** The requests in flight. One that is over leaves its place to the next. */
  readonly requests: Map<Operation, RunningRequest | undefined>;
  /** Ends the task's use of the server's own stream (2025-11-25). */
  stopListening: (() => void) | undefined;
}

/** A request in flight. */
export interface RunningRequest {
  readonly aborted: boolean;
  abort(): void;
}

/** The time in which this process moves a task on, and no other. */
export interface Tenure {
  /** The `rev` that the store holds, as this process last read or wrote it. */
  base: number | undefined;
  /** The events whose records are not stored yet. */
  readonly unsaved: TaskEvent[];
  /** Another process moved the task on: resolves when the task goes on from there, or was released. */
  overtaken?: Promise<void>;
}

/** A server, and the tasks of it that run here. */
export interface RunningEndpoint {
  /** `undefined` if this process was not given the endpoint: its tasks wait. */
  readonly server: Server | undefined;
  readonly tasks: Map<string, RunningTask>;
  /** By the server's task id. A server that counts anew after a restart gives a later task the same id: the later one counts. */
  readonly named: Map<string, RunningTask>;
  readonly questionStreams: Gate;
  /** One list and one reading of the store serve all lost calls that are looked for in it. Made with the first. */
  unclaimed?: SharedList<Unclaimed>;
  feed?: PushFeed;
}

/** The tasks that run in this process, by our id and by endpoint. */
export interface TaskTable {
  /** By our id. */
  readonly tasks: ReadonlyMap<string, RunningTask>;
  readonly endpoints: ReadonlyMap<string, RunningEndpoint>;
  all(): readonly RunningTask[];
  endpoint(name: string): RunningEndpoint;
  add(state: TaskState, base: number | undefined): RunningTask;
  /** Indexes a task by the server's id, once that is known. Returns another that has the same id, if one runs. */
  index(task: RunningTask): RunningTask | undefined;
  remove(task: RunningTask): void;
}

/** @param open Makes the entry of an endpoint whose first task runs. */
export function createTaskTable(open: (name: string) => RunningEndpoint): TaskTable {
  const tasks = new Map<string, RunningTask>();
  const endpoints = new Map<string, RunningEndpoint>();

  function endpointOf(name: string): RunningEndpoint {
    const known = endpoints.get(name);
    if (known) return known;
    const endpoint = open(name);
    endpoints.set(name, endpoint);
    return endpoint;
  }

  return {
    tasks,
    endpoints,
    all: () => [...tasks.values()],
    endpoint: endpointOf,
    add(state, base) {
      const { id, endpoint: name } = state.record;
      const endpoint = endpointOf(name);
      const tenure: Tenure = { base, unsaved: [] };
      const task: RunningTask = {
        id,
        endpoint,
        state,
        tenure,
        requests: new Map(),
        stopListening: undefined,
      };
      tasks.set(id, task);
      endpoint.tasks.set(id, task);
      return task;
    },
    index(task) {
      const { taskId } = task.state.record;
      const { named } = task.endpoint;
      if (taskId === undefined) return undefined;
      const other = named.get(taskId);
      if (!other || !isForgotten(task.state, other.state)) named.set(taskId, task);
      return other === task ? undefined : other;
    },
    remove(task) {
      const { id, endpoint, state } = task;
      const { taskId } = state.record;
      tasks.delete(id);
      endpoint.tasks.delete(id);
      if (taskId === undefined || endpoint.named.get(taskId) !== task) return;
      endpoint.named.delete(taskId);
      endpoint.feed?.unwatch(taskId);
    },
  };
}
