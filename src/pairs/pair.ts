import type { WireStatus } from "../protocol/task-snapshot.ts";
import type { ToolResult } from "../protocol/tool-result.ts";

/**
 * Where a value lies in a tool's result.
 * - A text is a JSON Pointer (RFC 6901) into `structuredContent`, or into the JSON that the result's text holds.
 * - `{ after }` is what follows these words in the result's text, on the same line: `{ "after": "Job ID:" }`.
 * - `{ before }` is the word or number before these words: `{ "before": "% done" }`.
 * - A function, in code only, returns the value, or `undefined`.
 */
export type Place =
  | string
  | { readonly after: string }
  | { readonly before: string }
  | ((result: ToolResult) => unknown);

/**
 * The arguments of a call about a job, by name: a JSON Pointer into `{ id, arguments, reply }` (the job's id, the arguments of
 * the call that started it, and the data of its reply), or `{ value }`, the same in every call.
 */
export type JobArguments = Readonly<Record<string, string | { readonly value: string | number | boolean }>>;

/** The tool that starts the work. */
export interface StartTool {
  readonly tool: string;
  /** Where its result names the job. */
  readonly id: Place;
  /** Arguments that are the same in every call, for a tool that starts work of several kinds. */
  readonly arguments?: Readonly<Record<string, { readonly value: string | number | boolean }>>;
}

/** The tool that says how a job is. */
export interface StatusTool {
  readonly tool: string;
  readonly arguments: JobArguments;
  /** Where its result says the status: one of {@link Pair.words}, or a usual word such as `running` or `done`. */
  readonly status?: Place;
  /** What a result without a status means: `"completed"` for a tool that returns the result itself once it is there. */
  readonly absent?: WireStatus;
  readonly message?: Place;
  /** Why a job has failed; by default what `message` says. */
  readonly error?: Place;
  /** How far the job is: a number, or a text such as `45%` or `3/10`. */
  readonly progress?: Place;
  /** What `progress` counts up to: a number, or where the result says it. */
  readonly total?: Place | number;
  /** Where the job's result lies. By default the whole result of the tool is the job's. */
  readonly result?: Place;
}

/** The tool that returns a job's result, where the status tool does not. */
export interface ResultTool {
  readonly tool: string;
  readonly arguments: JobArguments;
  /** Where the job's result lies. By default the whole result of the tool is the job's. */
  readonly result?: Place;
}

export interface CancelTool {
  readonly tool: string;
  readonly arguments: JobArguments;
}

/** The tool that lists jobs, so that one whose start was not answered can be found. */
export interface ListTool {
  readonly tool: string;
  readonly arguments?: Readonly<Record<string, { readonly value: string | number | boolean }>>;
  /** Where its result holds the jobs. */
  readonly jobs: Place;
  /** JSON Pointers into one job. A job without either is left out: it could be anybody's. */
  readonly id: string;
  readonly createdAt: string;
  /** How the next page is asked for, if the tool lists jobs page by page. */
  readonly cursor?: ListCursor;
  /** Which jobs a start may have made: by the name of an argument of the start, a JSON Pointer to its value in a job. */
  readonly match?: Readonly<Record<string, string>>;
}

/** How a list continues: a cursor, a page number or an offset of the server's. */
export interface ListCursor {
  /** The argument that takes it. */
  readonly argument: string;
  /** Where a page says what the next one is asked with. A page without it is the last. */
  readonly next: Place;
}

/** Several tools of a server that are one task. */
export interface Pair {
  readonly start: StartTool;
  readonly status: StatusTool;
  readonly result?: ResultTool;
  readonly cancel?: CancelTool;
  readonly list?: ListTool;
  /** The server's own words for each status. Case and separators do not matter. */
  readonly words?: Readonly<Partial<Record<WireStatus, readonly (string | number | boolean)[]>>>;
  /** How long to wait between two polls, in ms. Without it a tenth of the task's age, between 1 s and 16 s. */
  readonly intervalMs?: number;
  /** What the tool is for; by default what the start tool says. */
  readonly description?: string;
  /** The server's own tools of the pair stay in the list, beside the one that stands for them. */
  readonly keepTools?: boolean;
}

/** The pairs of an endpoint, by the name of the one tool that stands for each. */
export type Pairs = Readonly<Record<string, Pair>>;
