import type { TaskRecord } from "../engine/record.ts";
import type { Timing } from "../engine/schedule.ts";
import type { TaskState } from "../engine/state.ts";
import type { RecoveryPart } from "./lost-calls.ts";
import type { PushOf } from "./push.ts";
import type { WriterOptions } from "./record-writer.ts";
import type { Server } from "./server.ts";
import type { RequestLimits } from "./task-requests.ts";

/** What a {@link TaskRuntime} runs with, and where it reports. */
export interface RuntimeOptions extends RequestLimits, WriterOptions {
  readonly timing: Timing;
  /** Has servers push changes. Absent where no connection may be held between polls. */
  readonly push: PushOf | undefined;
  /** Looks for calls whose replies never came. */
  readonly recovery?: RecoveryPart | undefined;
  /** `settled`: called when this process has written the outcome of a task. */
  readonly tracing?: { settled(record: TaskRecord): void } | undefined;
  /** The server of an endpoint. The tasks of one that this process was not given wait. */
  readonly endpoint: (name: string) => Server | undefined;
  /** Other tabs may hold handles of what runs here: then a plain call's end is written too, until it was published. */
  readonly shared?: boolean;
  /** Plain calls are records like any other: their caller may be gone when they end. */
  readonly persistPlain?: boolean;
  /** After every change, once it is as durable as it will be; and when a task is resumed, which other tabs need not know. */
  readonly changed: (state: TaskState, news: boolean) => void;
  /**
   * Another process has moved this task on. Resolves with the record that the store holds, for the task to go on from, or
   * with `undefined`: then this process releases it.
   */
  readonly overtaken: (id: string) => Promise<TaskRecord | undefined>;
  /** When {@link TaskRuntime.step} should be called next may have changed. */
  readonly rescheduled: () => void;
}
