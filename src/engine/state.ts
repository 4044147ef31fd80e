import type { InputRequest } from "../protocol/input-request.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { ResponseStream } from "../protocol/response-stream.ts";
import type { CallReply, TaskPayload, TaskReading } from "../protocol/task-reading.ts";
import type { TaskProgress } from "../protocol/task-snapshot.ts";
import type { ToolDescription } from "./queue.ts";
import type { TaskRecord } from "./record.ts";
import type { RequestFailure } from "./request-failure.ts";
import type { Doubt } from "./reused-id.ts";

/** The requests the engine makes; `describe` connects and lists the tools. At most one of each is in flight for a task. */
export type Operation = "describe" | "call" | "get" | "result" | "list" | "answer" | "cancel";

/** A wait before anything more is sent, after failures. `demanded` when the server named the time, or what waits is counted. */
export interface Backoff {
  readonly until: number;
  readonly demanded: boolean;
}

/** The last failure, while it lasts: what an app may show beside the task. */
export interface Retry {
  readonly failure: RequestFailure;
  readonly since: number;
}

/** A record in the hands of a running process. All but `record` is forgotten when the process ends. */
export interface TaskState {
  readonly record: TaskRecord;
  readonly inFlight: ReadonlySet<Operation>;
  /** The call is new, or was certainly refused: it may be sent without recovery. */
  readonly mayCall: boolean;
  /** This process made the call: its app waits for it, and can ask a person to sign in. */
  readonly attended?: true | undefined;
  /** A plain call: the store holds no record of it. */
  readonly ephemeral?: true | undefined;
  /** This process has connected to the server for this call: it leaves as soon as it is sent. */
  readonly reached?: true | undefined;
  /** The call is made from a cached description of the tool. */
  readonly cached?: boolean | undefined;
  /** Why the server rejected how the call was made, while it is queued again. */
  readonly refusal?: RequestFailure | undefined;
  /** When the next poll is due. */
  readonly pollAt: number;
  /** Two polls are at least this far apart, in ms: what the server's refusals of sooner ones have taught. */
  readonly paceMs?: number | undefined;
  /** When `tasks/result` may next be opened for the questions it brings (2025-11-25). */
  readonly listenAt: number;
  /** What `tasks/result` gave before the server said that the task has ended. */
  readonly early?: TaskPayload | undefined;
  readonly backoff?: Backoff | undefined;
  /** Failures in a row. */
  readonly failures: number;
  readonly retry?: Retry | undefined;
  readonly progress?: TaskProgress | undefined;
  /** The server pushes changes, so that polls are only the net below. */
  readonly pushed: boolean;
  /** How often the server has refused the payload of the ended task, or sent one that cannot be read. */
  readonly payloadRefusals?: number | undefined;
  /** How many requests to cancel have failed. */
  readonly cancelTries?: number | undefined;
  /** How many polls in a row have found the task waiting for input with all it asked answered, or nothing asked. */
  readonly idlePolls?: number | undefined;
  /** The time stamp of the last reading, by the server's clock; it is not news, so the record may have an older one. */
  readonly stampedAt?: number | undefined;
  /** A notification came while a poll was in flight: the reply may be older than it. */
  readonly overtaken?: true | undefined;
  /** The server may have used the task's id again; see {@link TaskRecord.doubt}. */
  readonly doubt?: Doubt | undefined;
  /** The poll interval while the last reading is in doubt, in ms. */
  readonly doubtfulMs?: number | undefined;
  /** When the latest poll was sent. */
  readonly polledFrom?: number | undefined;
}

/** Distinguishes the requests of one operation. */
export interface FailedRequest {
  /** Where an operation makes several. */
  readonly method?: string | undefined;
  /** The keys of the answers that it carried. */
  readonly keys?: readonly string[];
  /** Pages of a list came before it. */
  readonly advanced?: boolean;
}

/** Everything that can happen to a task. */
export type TaskEvent =
  /** The app made the call; its record is new. */
  | { readonly type: "started" }
  /**
   * A process took an unfinished record up. `fresh`: it was polled just now, by another. `dueFrom`: the
   * earlier process's alarm (ms since 1970); by this task's own ticks nothing was due before then, unless a reply was awaited.
   */
  | { readonly type: "woken"; readonly fresh?: boolean; readonly dueFrom?: number }
  /** The time of {@link nextDue} came, or the network or the page came back. */
  | { readonly type: "due"; readonly nudge?: boolean }
  | { readonly type: "described"; readonly description: ToolDescription }
  | { readonly type: "called"; readonly reply: CallReply }
  /** An event with an id came on the response stream of the call in flight. */
  | { readonly type: "streamed"; readonly stream: ResponseStream }
  | { readonly type: "polled"; readonly reading: TaskReading }
  | { readonly type: "fetched"; readonly payload: TaskPayload }
  /**
   * Tasks of the server that no record claims. `rivals`: other lost calls may be meant by them as well. `readOf`: so many were
   * read of a list that has more.
   */
  | {
      readonly type: "listed";
      readonly unclaimed: readonly TaskReading[];
      readonly rivals?: boolean;
      readonly readOf?: number | undefined;
    }
  /** The server took these answers. */
  | { readonly type: "delivered"; readonly keys: readonly string[] }
  /** The session in which the server asked these is over, so that no answer can reach it. */
  | {
      readonly type: "undeliverable";
      readonly keys: readonly string[];
      readonly sessionId: string | undefined;
    }
  | { readonly type: "cancelTaken"; readonly reading?: TaskReading }
  | ({
      readonly type: "requestFailed";
      readonly operation: Operation;
      readonly failure: RequestFailure;
    } & FailedRequest)
  /** The store still holds the call as one to be sent, since it failed to take the record that says otherwise. */
  | { readonly type: "stillQueued" }
  /** A call in flight was abandoned by command, before its reply came, and the server was notified or could not be reached. */
  | { readonly type: "callAbandoned"; readonly unsent?: boolean }
  | { readonly type: "notified"; readonly reading: TaskReading }
  /** The server gave the task of a later call the same id: see `isForgotten`. */
  | { readonly type: "reused"; readonly by: TaskRecord }
  /** The server pushes this task's changes from now on, or no longer. */
  | { readonly type: "pushing"; readonly on: boolean }
  | { readonly type: "progressed"; readonly progress: TaskProgress }
  /** The server asked through a side channel (2025-11-25). */
  | { readonly type: "asked"; readonly request: InputRequest }
  /** The app answered. */
  | { readonly type: "answered"; readonly key: string; readonly response: JsonObject }
  /** The app cancelled. */
  | { readonly type: "cancelled" };

/** What the caller of {@link transition} must do, after the store has done what {@link Effects.persist} says. */
export type Command =
  | { readonly type: "send"; readonly operation: Operation }
  /** The reply no longer matters. */
  | { readonly type: "abandon"; readonly operation: Operation };

/** What the driver must do beside sending. */
export interface Effects {
  /**
   * What the store must do before the commands are carried out:
   * - `write`: save the record.
   * - `remove`: remove it without saving it.
   * - `writeThenRemove`: save it, to learn whether another process was faster, then remove it.
   * - `removeOncePublished`: save it, and remove it after it was published.
   */
  readonly persist?: "write" | "remove" | "writeThenRemove" | "removeOncePublished" | undefined;
  /**
   * Publish the state once it is persisted: to the apps of all tabs, or of this process only, where nothing has changed.
   */
  readonly publish?: "everywhere" | "here" | undefined;
  /** If the store fails and holds the call as one that is still to be sent, nothing may be sent: another page would send it too. */
  readonly leavesQueue?: boolean;
}

export interface Transition extends Effects {
  readonly state: TaskState;
  readonly commands: readonly Command[];
}

/** The same for all tasks that wait: most do, and there may be thousands. */
export const NOTHING_OUT: ReadonlySet<Operation> = new Set();
/** The same for all tasks that are polled. */
export const POLL_OUT: ReadonlySet<Operation> = new Set(["get"]);

/** A record as a process finds or makes it: nothing is in flight, nothing is held. All fields, so that every state has one shape. */
export function idleState(record: TaskRecord): TaskState {
  return {
    record,
    inFlight: NOTHING_OUT,
    mayCall: false,
    attended: undefined,
    ephemeral: undefined,
    reached: undefined,
    cached: undefined,
    refusal: undefined,
    pollAt: 0,
    paceMs: undefined,
    listenAt: 0,
    early: undefined,
    backoff: undefined,
    failures: 0,
    retry: undefined,
    progress: undefined,
    pushed: false,
    payloadRefusals: undefined,
    cancelTries: undefined,
    idlePolls: undefined,
    stampedAt: undefined,
    overtaken: undefined,
    doubt: undefined,
    doubtfulMs: undefined,
    polledFrom: undefined,
  };
}
