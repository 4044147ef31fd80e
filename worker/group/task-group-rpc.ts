import type {
  Delivery,
  JsonObject,
  ListedTool,
  TaskPreference,
  TaskView,
  TraceContext,
  UndeliveredQuery,
} from "holdfast";
import type { TaskPage } from "holdfast/durable-object";
import type { GroupLoad } from "../directory/principal-directory-rpc.ts";

/** Which object it is: the tasks of one principal on one endpoint, or a share of them. */
export interface GroupIdentity {
  readonly principal: string;
  readonly endpoint: string;
  readonly shard: number;
}

export interface StartCall {
  /** The id of the task to be: `<endpoint>.<shard>.<uuid v7>`. The same id again starts nothing. */
  readonly id: string;
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly prefer?: TaskPreference;
  readonly ttlMs?: number;
  readonly repeatable?: boolean;
  /** What the call carries to its server, for one that does the work of a key once. */
  readonly idempotencyKey?: boolean | string;
  /** The addressees of the end and of the questions. */
  readonly notify?: readonly string[];
  readonly trace?: TraceContext;
  /** How long a server that knows no tasks may take, in ms. */
  readonly timeoutMs?: number;
  /** Where the outcome is posted. */
  readonly webhook?: string;
}

export interface GroupProblem {
  readonly code:
    | "unknown-task"
    | "not-open"
    | "running"
    | "invalid-answer"
    | "invalid-addressee"
    | "unknown-tool"
    | "upstream"
    | "upstream-unauthorized"
    | "overloaded";
  readonly detail: string;
  readonly retryAfterMs?: number;
}

/** Errors lose their class on the way between objects: what went wrong is a value. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: GroupProblem };

export interface TaskWait {
  readonly afterRev: number;
  readonly ms: number;
  /** Also a progress other than this one is waited for. */
  readonly progress?: number;
  /** Whether the task was seen waiting out a failure; that it is so no longer, or only now, is waited for, too. */
  readonly failing?: boolean;
}

export interface ListQuery {
  /** Only ids before this one. */
  readonly before?: string;
  readonly limit: number;
  readonly status?: string;
  readonly tool?: string;
}

/** A delivery on its way to another process. */
export interface DeliveryView extends Omit<Delivery, "task"> {
  readonly task: TaskView;
}

export interface Acknowledgement {
  readonly addressee: string;
  readonly receipt: string;
  /** Of a question. Absent for the end. */
  readonly key?: string;
}

/** What the routes ask of a group. `fetch` of `/events?after=<position>[&task=<id>]` gives its changes as they come. */
export interface TaskGroupRpc {
  /** Resolves with a handle, a question or an outcome, or when `waitMs` are over: then the status is `queued` or `calling`. */
  start(identity: GroupIdentity, call: StartCall, waitMs: number): Promise<Reply<TaskView>>;
  /** With its result. Waits, if asked to, until `rev` is beyond `afterRev` or there is an outcome. */
  task(id: string, wait?: TaskWait): Promise<TaskView | undefined>;
  /** The newest first, without results and what else is long (`omitted`). */
  tasks(query: ListQuery): Promise<TaskPage>;
  answer(id: string, key: string, response: JsonObject): Promise<Reply<TaskView>>;
  cancel(id: string): Promise<Reply<TaskView>>;
  notify(id: string, addressee: string): Promise<Reply<null>>;
  /** By the age of the tasks, which are without what is long (`omitted`). */
  undelivered(query: UndeliveredQuery): Promise<readonly DeliveryView[]>;
  /** True for the first receipt that acknowledges it. */
  acknowledge(id: string, receipt: Acknowledgement): Promise<Reply<boolean>>;
  /** @param force Also deletes a task that runs. Its server is not notified. */
  forget(id: string, force: boolean): Promise<Reply<null>>;
  tools(identity: GroupIdentity): Promise<Reply<readonly ListedTool[]>>;
  /** What the tasks without an outcome amount to. @param admitted Ids that were given out a moment ago. */
  active(admitted?: readonly string[]): Promise<GroupLoad>;
}
