import type { JsonObject } from "holdfast";
import { readableTool } from "../../front/readable-entry.ts";
import { inTime } from "../http/in-time.ts";
import type { Caller, CallerEndpoint } from "./caller.ts";
import { companionDefinitions } from "./companions.ts";
import { lastListOf, listOf } from "./endpoint-requests.ts";
import { pageOf } from "./list-page.ts";
import { TOOLS } from "./lists.ts";
import { PATIENCE_MS } from "./merged/answers.ts";
import { mergedTools, toolOfMerged } from "./merged/tools.ts";
import { mayBeMade, shownNames } from "./tool-names.ts";

/** To whom tools are listed. */
export interface ToolAudience {
  /** It is given running results, and the tools to follow them. */
  readonly companions: boolean;
  /** 2025-11-25: the list declares that every tool may be called as a task. */
  readonly taskSupport: boolean;
}

/** A tool by its endpoint and the name its server has for it. */
export interface CalledTool {
  readonly at: CallerEndpoint;
  readonly tool: string;
}

/**
 * A page of the tools of all endpoints that are asked. The companions come once and first: some clients read one page, or take
 * so many tools and no more. Throws an RpcError.
 * @param cursor Of the request; undefined for the first page.
 */
export async function toolList(caller: Caller, audience: ToolAudience, cursor: unknown): Promise<JsonObject> {
  const listed = (await namedTools(caller, audience)).map((tool) => shownTool(tool, audience));
  const companions = audience.companions ? companionDefinitions(caller) : [];
  return pageOf(TOOLS, [...companions, ...listed], cursor);
}

/**
 * The tool that a client means by a name.
 * @param companions Whether the client was listed the companions, and other names for tools that are called like them.
 * @throws RpcError for a name that no tool of several endpoints has.
 */
export async function toolCalled(caller: Caller, shown: string, companions: boolean): Promise<CalledTool> {
  const { only } = caller;
  if (!only) return toolOfMerged(caller, shown);
  if (!companions || !mayBeMade(only.name, shown)) return { at: only, tool: shown };
  const names = (await listOf(only, TOOLS)).map(({ name }) => String(name));
  const tool = [...shownNames(only.name, names)].find(([, name]) => name === shown)?.[0] ?? shown;
  return { at: only, tool };
}

async function namedTools(caller: Caller, { companions }: ToolAudience): Promise<readonly JsonObject[]> {
  const { only } = caller;
  if (!only) return mergedTools(caller);
  const tools = await toolsOf(caller, only);
  if (!companions) return tools;
  const names = shownNames(
    only.name,
    tools.map(({ name }) => String(name)),
  );
  return tools.map((tool) => ({ ...tool, name: names.get(String(tool.name)) ?? String(tool.name) }));
}

/** As the endpoint's server lists them, or last did where it does not answer in time. Throws an RpcError. */
async function toolsOf(caller: Caller, only: CallerEndpoint): Promise<readonly JsonObject[]> {
  const listed = listOf(only, TOOLS);
  const settled = listed.catch(() => undefined);
  const isSlow = await inTime(settled, PATIENCE_MS).then(
    () => false,
    () => true,
  );
  const last = isSlow ? await lastListOf(only, TOOLS) : undefined;
  // A server that has to start takes some time at first.
  if (!last) return listed;
  caller.late.add(settled);
  return last;
}

function shownTool(tool: JsonObject, audience: ToolAudience): JsonObject {
  const { execution: _server, outputSchema, ...shown } = readableTool(tool);
  return {
    ...shown,
    // A running result has other fields than the tool's own, and clients refuse what does not fit the schema.
    ...(!audience.companions && outputSchema !== undefined && { outputSchema }),
    ...(audience.taskSupport && { execution: { taskSupport: "optional" } }),
  };
}
