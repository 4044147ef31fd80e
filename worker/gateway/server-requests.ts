import type { JsonObject } from "holdfast";
import { METHOD_NOT_FOUND, RpcError } from "../../front/rpc-error.ts";
import type { ServerFacts } from "../group/gateway-group-rpc.ts";
import type { Caller } from "./caller.ts";
import { askEndpoint, factsOf } from "./endpoint-requests.ts";
import { RESOURCES, TEMPLATES } from "./lists.ts";
import { mergedFacts } from "./merged/facts.ts";
import { askMerged } from "./merged/requests.ts";
import { isResultUri, offersResults, readResultResource } from "./results/result-resource.ts";

/** What the server in front of the caller can do: the endpoint's own, or all together. */
export function serverFacts(caller: Caller): Promise<ServerFacts> {
  return caller.only ? factsOf(caller.only) : mergedFacts(caller);
}

/** Answers a request that only reads, with what the endpoints' servers say. Throws an RpcError. */
export async function ask(caller: Caller, method: string, params: JsonObject): Promise<JsonObject> {
  if (method === "resources/read" && isResultUri(params.uri)) return readResultResource(caller, params.uri);
  try {
    return await askServers(caller, method, params);
  } catch (error) {
    // Long results are resources, whatever the server has.
    const list = [RESOURCES, TEMPLATES].find((known) => known.method === method);
    const isMissing = error instanceof RpcError && error.code === METHOD_NOT_FOUND;
    if (!list || !isMissing || !offersResults(caller)) throw error;
    return { [list.field]: [] };
  }
}

function askServers(caller: Caller, method: string, params: JsonObject): Promise<JsonObject> {
  return caller.only ? askEndpoint(caller.only, method, params) : askMerged(caller, method, params);
}
