import type { JsonObject, TaskRecord, TaskView } from "holdfast";
import type { LentTool } from "holdfast/durable-object";
import type { RpcErrorJson } from "../../front/rpc-error.ts";
import type { AdmissionAsk, NotAdmitted } from "../directory/principal-directory-rpc.ts";
import type { Counts } from "../operations/counters.ts";
import type { GroupIdentity, Reply, StartCall } from "./task-group-rpc.ts";

/** What the endpoint's server said of itself. */
export interface ServerFacts {
  readonly capabilities: JsonObject;
  readonly serverInfo?: JsonObject;
  /** In its own words, for a model. */
  readonly instructions?: string;
}

export type PassedOn =
  | { readonly ok: true; readonly result: JsonObject }
  | { readonly ok: false; readonly error: RpcErrorJson };

/** A call whose client is being kept waiting. */
export interface HeldCall {
  /** Names the wait: of one request by one client. */
  readonly hold: string;
  /** Names what is called: calls that are the same have the same. */
  readonly key: string;
  /** Names the client's session. */
  readonly session: string;
  /** When the call was made, in ms since 1970. */
  readonly at: number;
  /** When the wait is over for certain, whatever became of it, in ms since 1970. */
  readonly until: number;
}

export type WaitEnding =
  | { readonly kind: "delivered" }
  /** `at`: when that was noticed, in ms since 1970. */
  | { readonly kind: "gone"; readonly at: number }
  | { readonly kind: "told" };

/**
 * `joined`: `gaveUpAfterMs` is how long a client waited that had no answer. `waiting`: there is such a task, and the same
 * session seems to wait for it still.
 */
export type Joined =
  | { readonly kind: "joined"; readonly id: string; readonly gaveUpAfterMs?: number }
  | { readonly kind: "waiting" }
  | { readonly kind: "none" };

export interface JoinTerms {
  /** Calls begun before this time are not joined. */
  readonly since: number;
  /** Joins also what the same session waits for: the tool's effect is the same, once or twice. */
  readonly shared: boolean;
}

/** A call, before the group or the directory gives its task an id. */
export interface GatewayCall {
  readonly call: Omit<StartCall, "id">;
  readonly admission: AdmissionAsk;
  /** How long the first look at it lasts, in ms. */
  readonly waitMs: number;
  /** The client waits, and finds the call again. Without `joins` it starts another task if there is one already. */
  readonly wait?: { readonly held: HeldCall; readonly since: number; readonly joins?: JoinTerms };
  /** Without it nothing is lent. */
  readonly lent?: LentState;
}

/** Where an isolate stands with lent calls. */
export interface LentState {
  /** How many it may still make. */
  readonly spare: number;
  /** How many it has made since its last report. */
  readonly made: number;
}

/** What an isolate reports of lent calls. The clients have the results. */
export interface LentReport {
  /** The calls that are stored: those with a long result, and those whose client hung up. */
  readonly records: readonly TaskRecord[];
  /** How many were made since the last report. Most leave no record: the tool declares that a call is safe to repeat. */
  readonly made: number;
  /** What was counted on the way. */
  readonly counts: Counts;
}

/** Lets an isolate make calls of a tool for a while, without asking the group. */
export interface ToolLease {
  readonly lent: LentTool;
  /** How many more calls the isolate may make, of all lent tools of the endpoint. The directory has counted them. */
  readonly calls: number;
  /** What is called in calls that clients may return to: those are the group's. */
  readonly held: readonly string[];
}

/**
 * What became of a call. `started`: after the first look; without an outcome, its client is held from now on. `elsewhere`: the
 * directory admitted it to another group, which has room.
 */
export type CallReply =
  | Exclude<Joined, { readonly kind: "none" }>
  | { readonly kind: "started"; readonly reply: Reply<TaskView>; readonly lease?: ToolLease }
  | { readonly kind: "elsewhere"; readonly shard: number; readonly id: string }
  | { readonly kind: "refused"; readonly refusal: NotAdmitted };

/** What the gateway alone asks of a group. Calls of an endpoint are remembered in its group of shard 0. */
export interface GatewayGroupRpc {
  server(identity: GroupIdentity): Promise<Reply<ServerFacts>>;
  /** A request that reads, sent as it is. */
  passOn(identity: GroupIdentity, method: string, params: JsonObject): Promise<PassedOn>;
  /** What the server last answered to a list method with these params; undefined if it never did. */
  lastPage(method: string, params: JsonObject): Promise<JsonObject | undefined>;
  /** Joins the task of the same call, whose result nobody has had, or admits the call and starts it: all that an ordinary call needs. */
  call(identity: GroupIdentity, call: GatewayCall): Promise<CallReply>;
  /** Counts the calls of lent tools that an isolate has made, and stores a few of them. */
  lentCalls(identity: GroupIdentity, report: LentReport): Promise<void>;
  /** A call is held from now on. */
  hold(call: HeldCall, id: string, since: number): Promise<void>;
  /** The wait is over: the client has its result, has a running result, or went away. */
  release(hold: string, ending: WaitEnding): Promise<void>;
  /** Somebody has the result: what is called again is called anew. */
  delivered(id: string): Promise<void>;
  /** How long a client waited that gave up a call of this task, in ms. Undefined if none did, and once it is delivered. */
  gaveUpAfter(id: string): Promise<number | undefined>;
}
