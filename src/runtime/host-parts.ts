import type { TaskRecord } from "../engine/record.ts";
import type { TaskReference } from "../errors.ts";
import type { TaskView } from "../task-view.ts";
import type { Alarm } from "./alarm.ts";
import type { Ownership, OwnershipOf } from "./ownership.ts";
import type { Problem } from "./problem.ts";
import type { Retention } from "./retention.ts";
import type { RuntimeOptions } from "./runtime-options.ts";
import type { StoredTasks } from "./stored-tasks.ts";
import type { TaskRuntime } from "./task-runtime.ts";

/** What is the runtime's own affair, and passes through the host. */
type ForRuntime = Omit<
  RuntimeOptions,
  "shared" | "storing" | "stored" | "changed" | "overtaken" | "storageFailed" | "rescheduled"
>;

export interface HostOptions extends ForRuntime {
  readonly retention: Retention;
  /** Wakes this process when it has been evicted; without it, timers do. */
  readonly alarm?: Alarm | undefined;
  /** Who runs the tasks, if other processes may share the store. */
  readonly ownership: OwnershipOf;
  readonly endpoints: readonly string[];
  /** The unfinished tasks somebody here holds a handle of. */
  readonly followed: () => Iterable<TaskReference>;
  /** Whether somebody here holds a handle of the unfinished task. */
  readonly follows: (id: string) => boolean;
  /** After every change of a task, in whatever tab it runs. */
  readonly changed: (view: TaskView) => void;
  /** A call of another tab has ended, and is in the store no more: what was read of it is out of date. */
  readonly over: (id: string) => void;
  /** After a settled task was deleted, in whatever tab. */
  readonly forgotten: (id: string) => void;
  readonly report: (problem: Problem) => void;
}

/** What the files of the host work on. */
export interface HostParts {
  readonly options: HostOptions;
  readonly runtime: TaskRuntime;
  readonly stored: StoredTasks;
  /** The ownership of the task's endpoint. A client is alone with the tasks of an endpoint that it was not given. */
  readonly ownership: (task: { readonly endpoint?: string }) => Ownership;
  /** Reads the unfinished records, for a process that comes to lead. */
  readonly active: () => Promise<readonly TaskRecord[]>;
}
