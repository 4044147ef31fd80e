import { isObject, type JsonObject } from "../protocol/json.ts";
import type { ListedTool } from "../protocol/tool-facts.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import type { Task } from "../task.ts";
import type { TaskClientApi } from "../task-client-api.ts";
import type { AgentTool, ExecuteOptions } from "./agent-tool.ts";
import { COMPANION_NAMES } from "./companion-names.ts";
import { companionsOf } from "./companion-tools.ts";
import { errorResult, failureResult } from "./failure-result.ts";
import { notAnObject } from "./messages.ts";
import { type AgentContext, type AgentOptions, agentContext, toolKey } from "./options.ts";
import { plainLines } from "./quoting.ts";
import { neverThrowing, settle } from "./settle.ts";
import { toolNames } from "./tool-names.ts";

const LONGEST_DESCRIPTION = 4_096;

/**
 * The tools of a client's endpoints for an agent loop, and the companion tools by which the model
 * follows what takes longer than a call may. Rejects with the client's error if an endpoint's tools
 * cannot be listed and there is no `onUnavailable`.
 * @example
 * const tools = await agentTools(tasks);
 * const result = await callByName(tools, "acquire_paper", { doi });
 */
export async function agentTools(
  client: TaskClientApi,
  options: AgentOptions = {},
): Promise<readonly AgentTool[]> {
  const context = agentContext(client, options);
  const endpoints = options.endpoints ?? (await client.endpoints());
  const listed = (await Promise.all(endpoints.map((endpoint) => toolsOf(client, endpoint, options)))).flat();
  const origins = listed.map(({ endpoint, tool }) => ({ endpoint, tool: tool.name }));
  const names = toolNames(origins, options.prefix ?? "when-needed", COMPANION_NAMES);
  const tools = listed.map((origin, index) => serverTool(context, names[index] ?? origin.tool.name, origin));
  return [...tools, ...companionsOf(context)];
}

interface Listed {
  readonly endpoint: string;
  readonly tool: ListedTool;
}

async function toolsOf(
  client: TaskClientApi,
  endpoint: string,
  { onUnavailable }: AgentOptions,
): Promise<readonly Listed[]> {
  try {
    const byName = new Map((await client.listTools(endpoint)).map((tool) => [tool.name, tool]));
    return [...byName.values()].map((tool) => ({ endpoint, tool }));
  } catch (error) {
    if (!onUnavailable) throw error;
    onUnavailable(endpoint, error);
    return [];
  }
}

function serverTool(context: AgentContext<TaskClientApi>, name: string, origin: Listed): AgentTool {
  const { tool, endpoint } = origin;
  const { description, title, inputSchema } = tool.definition;
  const said = [description, title].find((text) => typeof text === "string" && text !== "") ?? tool.name;
  context.known.set(toolKey({ endpoint, tool: tool.name }), { name, repeatable: tool.facts.repeatable });
  return {
    name,
    description: plainLines(String(said), LONGEST_DESCRIPTION),
    inputSchema: isObject(inputSchema) ? inputSchema : { type: "object" },
    origin,
    execute: (args = {}, options = {}) => execute(context, name, origin, args, options),
  };
}

async function execute(
  context: AgentContext<TaskClientApi>,
  name: string,
  { endpoint, tool }: Listed,
  args: JsonObject,
  options: ExecuteOptions,
): Promise<ToolResult> {
  const { client, clock, held, conversation, maxQuoteLength } = context;
  const { signal, budgetMs = context.callBudgetMs } = options;
  if (!isObject(args)) {
    return errorResult(notAnObject(name), { status: "failed", retry: "changed", workDone: "none" });
  }
  const began = clock.now();
  const work = async (): Promise<ToolResult> => {
    const notify = conversation && [conversation.id];
    const task = await client.start(endpoint, tool.name, args, { signal, notify });
    held.hold(task);
    const left = { signal, budgetMs: budgetMs - (clock.now() - began), isNew: true };
    const result = await settle(context, task, left).finally(() => withdraw(task, signal));
    if (task.view.outcome) held.release(task);
    return result;
  };
  return neverThrowing(signal, work, (error) =>
    failureResult(error, { toolName: name, repeatable: tool.facts.repeatable, maxQuoteLength }),
  );
}

/** A call that was given up before it was sent is not sent later. */
async function withdraw(task: Task, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted && task.view.status === "queued") await task.cancel();
}
