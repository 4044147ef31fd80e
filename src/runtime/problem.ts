import { defined } from "../protocol/json.ts";
/** A problem that is not the outcome of a task. `message` says what happened and what to do. */
export type Problem =
  /** A read or write failed. Tasks go on in memory; a reload loses what was not written. */
  | { readonly kind: "storage"; readonly message: string; readonly id?: string; readonly error: unknown }
  /** The browser lost the stored tasks. Those that were unfinished, `tasks` of them, were restored from a second copy. */
  | { readonly kind: "storage-lost"; readonly message: string; readonly tasks: number; readonly id?: never }
  /** A stored record cannot be read by this version. It is left as it is. */
  | { readonly kind: "unreadable"; readonly message: string; readonly id?: string }
  /** A list of the server (`tools/list`, `tasks/list`) was not read to its end: it repeats a cursor, or has too many pages. */
  | {
      readonly kind: "incomplete-list";
      readonly message: string;
      readonly endpoint: string;
      readonly id?: undefined;
    }
  /** A stored task belongs to an endpoint this client was not given. It is left as it is. */
  | {
      readonly kind: "unknown-endpoint";
      readonly message: string;
      readonly id: string;
      readonly endpoint: string;
    };

/** A read or write that failed: what happened, what it means, and what to do. */
export function storageProblem(what: string, error: unknown, id?: string): Problem {
  const message = `${what} (${String(error)}). Tasks go on in memory, and a reload loses what is not stored. Check that storage is allowed here and has space left`;
  return { ...defined({ id }), kind: "storage", error, message };
}
