import { afterEach, expect, it } from "vitest";
import { type AgentTool, agentTools, callByName } from "../../../src/agent/index.ts";
import { fromUrl } from "../../../src/channel/sdk-v1.ts";
import { type JsonObject, TaskClient, type ToolResult } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { LEGACY_URL, LegacyServer } from "../../sdk/legacy-server.ts";

/** The API of a made-up model: it takes functions, and asks for calls by name with JSON text. */
interface ModelFunction {
  readonly function: string;
  readonly help: string;
  readonly parameters: JsonObject;
}
interface ModelCall {
  readonly id: string;
  readonly function: string;
  readonly json: string;
}
interface ModelReply {
  readonly id: string;
  readonly ok: boolean;
  readonly text: string;
}

/** The recipe in CONTRIBUTING.md: an adapter maps the tools, and the calls and results of a turn. */
function functionsOf(tools: readonly AgentTool[]): readonly ModelFunction[] {
  return tools.map(({ name, description, inputSchema }) => ({
    function: name,
    help: description,
    parameters: inputSchema,
  }));
}

function repliesTo(tools: readonly AgentTool[], calls: readonly ModelCall[]): Promise<readonly ModelReply[]> {
  return Promise.all(
    calls.map(async ({ id, function: name, json }) => replyOf(id, await callByName(tools, name, json))),
  );
}

function replyOf(id: string, { content, isError }: ToolResult): ModelReply {
  const texts = content.flatMap(({ type, text }) => (type === "text" ? [String(text)] : []));
  return { id, ok: !isError, text: texts.join("\n") };
}

const legacy = new LegacyServer();
const client = new TaskClient({
  store: memoryStore(),
  endpoints: { lab: fromUrl(LEGACY_URL, { fetch: (url, init) => legacy.fetch(url, init) }) },
});
afterEach(async () => {
  await client.close();
  legacy.close();
});

it("an adapter of one's own gives a model tools, running results, results and failures", async () => {
  const tools = await agentTools(client, { callBudgetMs: 0 });
  expect(functionsOf(tools).map((each) => each.function)).toEqual([
    "report",
    "check_task",
    "cancel_task",
    "list_tasks",
  ]);

  const [running] = await repliesTo(tools, [{ id: "1", function: "report", json: "{}" }]);
  expect(running).toMatchObject({ id: "1", ok: true, text: expect.stringContaining("is running") });

  const [task] = await client.list();
  await legacy.finish(String(task?.view.taskId), "The report");
  const calls = [
    { id: "2", function: "check_task", json: JSON.stringify({ task: task?.id }) },
    { id: "3", function: "no_such_tool", json: "{}" },
    { id: "4", function: "check_task", json: "not JSON" },
  ];
  const replies = await repliesTo(tools, calls);
  expect(replies).toMatchObject([
    { id: "2", ok: true, text: "The report" },
    { id: "3", ok: false, text: expect.stringContaining("There is no tool") },
    { id: "4", ok: false, text: expect.stringContaining("must be a JSON object") },
  ]);
});
