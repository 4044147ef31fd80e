import type { AgentOptions, AgentTool, ExecuteOptions } from "../../../src/agent/index.ts";
import { agentTools } from "../../../src/agent/index.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import type { ToolResult } from "../../../src/protocol/tool-result.ts";
import { type Lab, type LabParts, lab2026 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";

/** A lab whose client's tools a model has, at the lab's clock. */
export interface AgentLab extends Lab {
  readonly tools: readonly AgentTool[];
  tool(name: string): AgentTool;
}

export async function agentLab(options: AgentOptions = {}, parts: LabParts = {}): Promise<AgentLab> {
  return withTools(lab2026(parts), options);
}

export async function withTools(lab: Lab, options: AgentOptions = {}): Promise<AgentLab> {
  const tools = await agentTools(lab.client, { clock: lab.clock, ...options });
  return { ...lab, tools, tool: (name) => toolNamed(tools, name) };
}

export function toolNamed(tools: readonly AgentTool[], name: string): AgentTool {
  const tool = tools.find((candidate) => candidate.name === name);
  if (!tool)
    throw new Error(`There is no tool ${name}; there are ${tools.map((each) => each.name).join(", ")}`);
  return tool;
}

/** What became of an execution so far. */
export interface Execution {
  readonly result: Promise<ToolResult>;
  ended: boolean;
}

/** Starts an execution and lets it come to where it waits. */
export async function executing(
  tool: AgentTool,
  args?: JsonObject,
  options?: ExecuteOptions,
): Promise<Execution> {
  const result = tool.execute(args, options);
  const execution: Execution = { result, ended: false };
  const end = (): void => {
    execution.ended = true;
  };
  result.then(end, end);
  await settled();
  return execution;
}

/** A tool call that the server has made a task of. It runs, and the model has been given it. */
export async function startedTask(
  lab: AgentLab,
  task: object = wire2026.working,
  name = "report",
): Promise<{ readonly id: string; readonly result: ToolResult }> {
  const execution = await executing(lab.tool(name), {}, { budgetMs: 0 });
  await (await lab.server.expect("tools/call")).reply({ ...task, resultType: "task" });
  const result = await execution.result;
  return { id: fields(result).task as string, result };
}

/** Waits for the next poll and answers it. */
export async function poll({ server, clock }: Lab, reply: object): Promise<void> {
  await clock.advance(5_000);
  await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(reply));
}

export function textOf({ content }: ToolResult): string {
  return content.map(({ text }) => String(text)).join("\n");
}

export function fields({ structuredContent }: ToolResult): JsonObject {
  return structuredContent as JsonObject;
}

/** Invisible characters, but for line ends: no text that reaches a model may contain one. */
export const UNSEEN: RegExp = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Co}]|\p{Variation_Selector}/u;
