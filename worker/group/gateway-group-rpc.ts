import type { JsonObject } from "holdfast";
import type { RpcErrorJson } from "../../front/rpc-error.ts";
import type { GroupIdentity, Reply } from "./task-group-rpc.ts";

/** What the endpoint's server said it can do. */
export interface ServerFacts {
  readonly capabilities: JsonObject;
  readonly serverInfo?: JsonObject;
}

export type PassedOn =
  | { readonly ok: true; readonly result: JsonObject }
  | { readonly ok: false; readonly error: RpcErrorJson };

/** A call whose client is being kept waiting. */
export interface HeldCall {
  /** Names the wait: of one request by one client. */
  readonly hold: string;
  /** Names what is called, by whom: calls that are the same have the same. */
  readonly key: string;
  /** ms since 1970. */
  readonly at: number;
}

export type WaitEnding =
  | { readonly kind: "delivered" }
  | { readonly kind: "gone" }
  /** As a call begun at this time it can still be joined: the client may have been gone before it could be told. */
  | { readonly kind: "told"; readonly at: number };

/** `waiting`: there is such a task, and somebody seems to wait for it still. */
export type Joined =
  | { readonly kind: "joined"; readonly id: string }
  | { readonly kind: "waiting" }
  | { readonly kind: "none" };

export interface JoinTerms {
  /** Calls begun before this time are not joined. */
  readonly since: number;
  /** A wait that began before this time is over, whatever became of it. */
  readonly waitingSince: number;
}

/** What the gateway alone asks of a group. Calls of an endpoint are remembered in its group of shard 0. */
export interface GatewayGroupRpc {
  server(identity: GroupIdentity): Promise<Reply<ServerFacts>>;
  /** A request that reads, sent as it is. */
  passOn(identity: GroupIdentity, method: string, params: JsonObject): Promise<PassedOn>;
  /** Takes over the task of the same call, made before, that nobody waits for and nobody has had the result of. */
  join(call: HeldCall, terms: JoinTerms): Promise<Joined>;
  /** A call is held from now on. */
  hold(call: HeldCall, id: string, since: number): Promise<void>;
  /** The wait is over: the client has its result, was told that the task runs, or went away. */
  release(hold: string, ending: WaitEnding): Promise<void>;
  /** Somebody has the result: what is called again is called anew. */
  delivered(id: string): Promise<void>;
}
