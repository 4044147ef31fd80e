import type { JsonObject } from "holdfast";
import { withoutServersMarks } from "../../front/outcome.ts";
import { RpcError } from "../../front/rpc-error.ts";
import { type ListMethod, wholeList } from "../../front/whole-list.ts";
import type { ServerFacts } from "../group/gateway-group-rpc.ts";
import { log } from "../operations/log.ts";
import type { Caller } from "./caller.ts";
import { companionDefinitions } from "./companions.ts";
import { mayBeMade, shownNames } from "./tool-names.ts";

/** To whom tools are listed. */
export interface ToolAudience {
  /** It is given running results, and the tools to follow them. */
  readonly companions: boolean;
  /** 2025-11-25: it is told that every tool may be called as a task. */
  readonly taskSupport: boolean;
}

const TOOLS: ListMethod = { method: "tools/list", field: "tools", key: "name" };

/** What the endpoint's server can do; nothing but tools while it cannot be asked: the tasks there are can be. */
export async function serverFacts(caller: Caller): Promise<ServerFacts> {
  const reply = await caller.first.server(caller.identity(0));
  return reply.ok ? reply.value : { capabilities: { tools: {} } };
}

/** Puts a request to the endpoint's server as it is. Throws an RpcError. */
export async function ask(caller: Caller, method: string, params: JsonObject): Promise<JsonObject> {
  const reply = await caller.first.passOn(caller.identity(0), method, params);
  if (!reply.ok) throw new RpcError(reply.error);
  return withoutServersMarks(reply.result);
}

/** All pages at once, so that nobody needs a cursor into a server that may have forgotten it. */
export async function toolList(caller: Caller, audience: ToolAudience): Promise<JsonObject> {
  const tools = await allTools(caller);
  const names = shownNames(
    caller.endpoint.name,
    tools.map(({ name }) => String(name)),
  );
  const listed = tools.map((tool) => shownTool(tool, audience, names.get(String(tool.name))));
  return { tools: audience.companions ? [...listed, ...companionDefinitions(caller)] : listed };
}

/** The server's own name of a tool. */
export async function serversName(caller: Caller, shown: string): Promise<string> {
  const { name: endpoint } = caller.endpoint;
  if (!mayBeMade(endpoint, shown)) return shown;
  const names = (await allTools(caller)).map(({ name }) => String(name));
  return [...shownNames(endpoint, names)].find(([, name]) => name === shown)?.[0] ?? shown;
}

async function allTools(caller: Caller): Promise<readonly JsonObject[]> {
  const { items, cut } = await wholeList(TOOLS, (params) => ask(caller, TOOLS.method, params));
  if (cut !== undefined) log("gateway-list-cut", { endpoint: caller.endpoint.name, detail: cut });
  return items;
}

function shownTool(tool: JsonObject, audience: ToolAudience, name: string | undefined): JsonObject {
  const { execution: _server, outputSchema, ...shown } = tool;
  return {
    ...shown,
    ...(audience.companions ? name !== undefined && { name } : { name: tool.name }),
    // A running result has other fields than the tool's own, and clients refuse what does not fit the schema.
    ...(!audience.companions && outputSchema !== undefined && { outputSchema }),
    ...(audience.taskSupport && { execution: { taskSupport: "optional" } }),
  };
}
