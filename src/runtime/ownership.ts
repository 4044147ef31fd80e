import type { Claim, Leadership } from "../engine/claim.ts";
import type { TaskRecord } from "../engine/record.ts";
import type { TaskReference } from "../errors.ts";
import type { Origin } from "../protocol/inbound.ts";
import type { InputRequest } from "../protocol/input-request.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { RpcNotification, RpcRequest } from "../protocol/json-rpc.ts";
import type { TaskView } from "../task-view.ts";
import type { HostParts } from "./host-parts.ts";
import { actHere } from "./task-actions.ts";

/** What a process asks the process that runs a task to do with it. */
export type TaskAction =
  | { readonly type: "cancelled"; readonly id: string }
  | { readonly type: "answered"; readonly id: string; readonly key: string; readonly response: JsonObject }
  /** A question that reached this process's connection (2025-11-25). */
  | { readonly type: "asked"; readonly id: string; readonly request: InputRequest };

/** What concerns tasks that other processes run. */
export interface ForeignTasks {
  /**
   * A question about a task that another process runs may come to this process's connection (2025-11-25). Returns whether it is
   * one, and has the other process take it.
   */
  readonly passOn: (message: RpcRequest | RpcNotification, origin: Origin) => boolean;
  /** Reports the end of another process's queued call that turned out to be plain. */
  readonly followCall: (task: TaskReference) => void;
  /** Recovers a call once the process that makes it is gone, or runs the task that it has become. Resolves when that is done. */
  readonly resumeOrphan: (id: string) => Promise<void>;
}

/** What the host of the tasks does when it receives messages of other processes that share its store. */
export interface OwnershipEvents extends ForeignTasks {
  /** This process leads: it resumes all unfinished tasks. */
  readonly elected: () => Promise<void>;
  /** Another process leads now. */
  readonly steppedDown: () => void;
  /** This process may have missed messages. */
  readonly awake: () => void;
  /** Whether this process holds an unfinished task of the endpoint. */
  readonly awaits: () => boolean;
  /** Another process published a change. `plain`: the task is a plain call that ended, and the store does not hold it. */
  readonly published: (view: TaskView, plain: boolean) => void;
  /** A process that stepped down published this change: the store may hold a later one. */
  readonly outdated: (view: TaskView) => void;
  /** Another process deleted a settled task. */
  readonly forgot: (id: string) => void;
  /** To the leader: another process makes this call, or hands over its task. `base`: the `rev` that the store holds. */
  readonly adopt: (record: TaskRecord, base: number | undefined) => void;
  /** Whether this process runs the task. If so, this process acts, even if another one leads. */
  readonly runs: (id: string) => boolean;
  /** To the process that runs the task: resolves when the action is durable; false if the task does not take it. */
  readonly act: (action: TaskAction) => Promise<boolean>;
}

/** Which calls this process makes, as the other processes see it: a lock for each, which ends with the process. */
export interface CallOwnership {
  /** Whether this process makes the call. */
  makes(id: string): boolean;
  /** Resolves when this process makes the call and no other one does. */
  hold(id: string): Promise<void>;
  /** Like {@link hold}, until the function it resolves with is called with false, or {@link release} is. */
  use(id: string): Promise<(makesCall: boolean) => void>;
  /**
   * Runs the work once no process makes the call. Resolves when the work is done.
   * @param work Calls `keep` to make the call from now on.
   */
  takeOver(id: string, work: (keep: () => void) => Promise<void>): Promise<void>;
  /** This process makes the call no longer. `ifUnused`: unless a {@link use} of it goes on. */
  release(id: string, ifUnused?: boolean): void;
}

/** Who runs the tasks of an endpoint, of the processes that share a store. */
export interface Ownership extends ForeignTasks {
  readonly leadership: Leadership;
  readonly calls: CallOwnership;
  /** What this process does with an unfinished record. */
  claim(record: TaskRecord): Claim;
  /** Resolves when this process leads and has resumed the tasks, or follows. */
  join(): Promise<void>;
  /** Runs the work while no other process runs work of that name. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Notifies the other processes of a change. `plain`: see {@link OwnershipEvents.published}. */
  publish(view: TaskView, plain: boolean): void;
  /** Notifies the other processes that a task was deleted. */
  forgot(id: string): void;
  /**
   * Hands over a call that this process makes, and then its task, to the leader.
   * @param base The `rev` that the store holds, where that is not the record's.
   */
  handOver(record: TaskRecord, base?: number): void;
  /** Has the process that runs the task act. Resolves when that is durable: false if the task does not take it. */
  ask(action: TaskAction): Promise<boolean>;
  close(): void;
}

/** Makes the ownership of an endpoint: processes that share a store share its tasks. */
export type OwnershipOf = (endpoint: string, parts: HostParts) => Ownership;

/** A process that shares its store with no other: a Durable Object, a command, a page without Web Locks. */
export const alone: OwnershipOf = (_endpoint, parts) => {
  let closed = false;
  const nothing = (): void => undefined;
  const atOnce = async (): Promise<void> => undefined;
  return {
    leadership: "alone",
    calls: {
      makes: () => false,
      hold: atOnce,
      use: async () => nothing,
      takeOver: (_id, work) => work(nothing),
      release: nothing,
    },
    claim: () => "run",
    join: atOnce,
    exclusively: (_name, work) => work(),
    publish: nothing,
    forgot: nothing,
    handOver: nothing,
    passOn: () => false,
    followCall: nothing,
    resumeOrphan: atOnce,
    ask: async (action) => !closed && actHere(parts, action),
    close() {
      closed = true;
    },
  };
};
