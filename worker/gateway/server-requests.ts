import type { JsonObject } from "holdfast";
import type { ServerFacts } from "../group/gateway-group-rpc.ts";
import type { Caller } from "./caller.ts";
import { askEndpoint, factsOf } from "./endpoint-requests.ts";
import { mergedFacts } from "./merged/facts.ts";
import { askMerged } from "./merged/requests.ts";

/** What the server in front of the caller can do: the endpoint's own, or all together. */
export function serverFacts(caller: Caller): Promise<ServerFacts> {
  return caller.only ? factsOf(caller.only) : mergedFacts(caller);
}

/** Answers a request that only reads, with what the endpoints' servers say. Throws an RpcError. */
export function ask(caller: Caller, method: string, params: JsonObject): Promise<JsonObject> {
  return caller.only ? askEndpoint(caller.only, method, params) : askMerged(caller, method, params);
}
