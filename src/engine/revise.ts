import { defined } from "../protocol/json.ts";
import type { RecordedCall, TaskRecord } from "./record.ts";
import type { TaskState } from "./state.ts";

/** Some fields of a record, or of its call: an undefined one is removed. */
type Changes<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/** The state with these fields of its record changed. The same state if they are so already: nothing is to be written then. */
export function revise(state: TaskState, changes: Changes<TaskRecord>): TaskState {
  const { record } = state;
  const isSame = (Object.keys(changes) as (keyof TaskRecord)[]).every(
    (name) => record[name] === changes[name],
  );
  return isSame ? state : { ...state, record: defined({ ...record, ...changes }) as TaskRecord };
}

/** The call of a record with these fields changed. */
export function revisedCall({ call }: TaskRecord, changes: Changes<RecordedCall>): RecordedCall {
  return defined({ ...call, ...changes }) as RecordedCall;
}
