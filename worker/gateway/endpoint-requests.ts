import type { JsonObject } from "holdfast";
import { withoutServersMarks } from "../../front/outcome.ts";
import { type ListMethod, wholeList } from "../../front/whole-list.ts";
import type { ServerFacts } from "../group/gateway-group-rpc.ts";
import { log } from "../operations/log.ts";
import type { CallerEndpoint } from "./caller.ts";
import { refusalOf } from "./connect-note.ts";

/** What the endpoint's server can do; nothing but tools while it cannot be asked: the tasks there are can be. */
export async function factsOf(endpoint: CallerEndpoint): Promise<ServerFacts> {
  const reply = await endpoint.first.server(endpoint.identity(0));
  return reply.ok ? reply.value : { capabilities: { tools: {} } };
}

/** Puts a request to the endpoint's server as it is. Throws an RpcError. */
export async function askEndpoint(
  endpoint: CallerEndpoint,
  method: string,
  params: JsonObject,
): Promise<JsonObject> {
  const reply = await endpoint.first.passOn(endpoint.identity(0), method, params);
  if (!reply.ok) throw await refusalOf(endpoint, reply.error);
  return withoutServersMarks(reply.result);
}

/** All pages at once, so that nobody needs a cursor into a server that may have forgotten it. Throws an RpcError. */
export async function listOf(endpoint: CallerEndpoint, list: ListMethod): Promise<readonly JsonObject[]> {
  const { items, cut } = await wholeList(list, (params) => askEndpoint(endpoint, list.method, params));
  if (cut !== undefined) log("gateway-list-cut", { endpoint: endpoint.name, detail: cut });
  return items;
}

/** The list as the endpoint's server last answered; undefined if it never did. */
export async function lastListOf(
  endpoint: CallerEndpoint,
  list: ListMethod,
): Promise<readonly JsonObject[] | undefined> {
  let isKnown = true;
  const { items } = await wholeList(list, async (params) => {
    const page = await endpoint.first.lastPage(list.method, params);
    if (!page && params.cursor === undefined) isKnown = false;
    return withoutServersMarks(page ?? {});
  });
  return isKnown ? items : undefined;
}
