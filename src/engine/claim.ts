import { isCall, type TaskRecord } from "./record.ts";

/** What a process is to the tasks of an endpoint: it shares them with no other process, it leads, or another process leads. */
export type Leadership = "alone" | "leading" | "following";

/** What an unfinished record is to a process: a task, a call that this process makes, or a call that another one makes. */
export type Part = "task" | "own call" | "other call";

/**
 * What a process does with an unfinished record: runs it, waits until the process that makes the call has ended, or leaves it
 * to the leader.
 */
export type Claim = "run" | "wait" | "leave";

/** What a process does with an unfinished record. `makes`: whether it makes the record's call. */
export function claimOf(leadership: Leadership, record: TaskRecord, makes: boolean): Claim {
  return CLAIMS[leadership][isCall(record) ? (makes ? "own call" : "other call") : "task"];
}

/** A call runs where it was made, until it is a task; tasks run in one process. */
export const CLAIMS: Readonly<Record<Leadership, Readonly<Record<Part, Claim>>>> = {
  alone: { task: "run", "own call": "run", "other call": "run" },
  leading: { task: "run", "own call": "run", "other call": "wait" },
  following: { task: "leave", "own call": "run", "other call": "leave" },
};
