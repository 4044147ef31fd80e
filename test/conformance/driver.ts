/**
 * The client under test: what an app on Holdfast does with a server it has never met. It lists the
 * tools, calls every one, answers what it is asked, and waits for the results. It knows no scenario:
 * the suite gives the address, and sometimes the arguments of the calls.
 *
 * Usage (by the suite): node driver.ts <http|sdk-v2> <era> <server-url>
 */
import type { Era } from "../../src/channel/handshake.ts";
import { fromUrl as fromUrlHttp } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV2 } from "../../src/channel/sdk-v2.ts";
import {
  type InputRequest,
  type JsonObject,
  type ListedTool,
  type Task,
  TaskClient,
  TaskFailedError,
} from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";

const METHOD_NOT_FOUND = -32601;

interface ToolCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

interface Schema {
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const [connector, era, address] = process.argv.slice(2);
const fromUrl = connector === "http" ? fromUrlHttp : fromUrlV2;
if (!isEra(era) || !address)
  throw new Error("Usage: node driver.ts <http|sdk-v2> <auto|2025-11-25|2026-07-28> <server-url>");

const client = new TaskClient({
  store: memoryStore(),
  endpoints: {
    server: fromUrl(address, {
      era,
      clientInfo: { name: "holdfast-conformance", version: "1.0.0" },
      capabilities: { elicitation: {}, sampling: {}, roots: {} },
    }),
  },
});

try {
  const tools = await client.listTools("server");
  console.log(`tools: ${tools.map(({ name }) => name).join(", ") || "none"}`);
  const tasks: Task[] = [];
  // All are called before any question is answered: an answer must not leak into another call.
  for (const call of callsNamedBySuite() ?? tools.map(sampleCall)) {
    const task = await started(call);
    if (task) tasks.push(task);
  }
  for (const task of tasks) console.log(`${task.view.tool}: ${JSON.stringify(await seenThrough(task))}`);
} finally {
  await client.close();
}

/** A server may list a tool and not serve `tools/call`: nothing is left to do with such a tool. */
async function started(call: ToolCall): Promise<Task | undefined> {
  try {
    return await client.callTool("server", call.name, call.arguments);
  } catch (error) {
    if (!(error instanceof TaskFailedError) || error.failure.rpc?.code !== METHOD_NOT_FOUND) throw error;
    console.log(`${call.name}: not served`);
    return undefined;
  }
}

/** Answers every question, until there is a result. */
async function seenThrough(task: Task): Promise<unknown> {
  for await (const update of task) {
    for (const request of update.inputRequests) await task.answer(request.key, answerTo(request));
  }
  return (await task.result()).content;
}

function answerTo({ method, params }: InputRequest): JsonObject {
  switch (method) {
    case "elicitation/create":
      return {
        action: "accept",
        content: sample(params.requestedSchema as Schema | undefined) as JsonObject,
      };
    case "sampling/createMessage":
      return {
        role: "assistant",
        model: "none",
        stopReason: "endTurn",
        content: { type: "text", text: "Nothing to say" },
      };
    case "roots/list":
      return { roots: [] };
    default:
      return { action: "decline" };
  }
}

/** Some scenarios say which calls to make; else every tool is called. */
function callsNamedBySuite(): readonly ToolCall[] | undefined {
  const context = process.env.MCP_CONFORMANCE_CONTEXT;
  return context === undefined
    ? undefined
    : (JSON.parse(context) as { toolCalls?: readonly ToolCall[] }).toolCalls;
}

function sampleCall({ name, definition }: ListedTool): ToolCall {
  return { name, arguments: sample(definition.inputSchema as Schema) as JsonObject };
}

/** A value the schema allows: the default where there is one, and something plain where not. */
function sample(schema: Schema = {}): unknown {
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case "number":
    case "integer":
      return 2;
    case "boolean":
      return true;
    case "string":
      return "sample";
    case "array":
      return [];
    default:
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, property]) => [name, sample(property)]),
      );
  }
}

function isEra(value: string | undefined): value is Era {
  return value === "auto" || value === "2025-11-25" || value === "2026-07-28";
}
