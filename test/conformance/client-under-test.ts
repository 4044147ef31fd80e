import {
  type Connector,
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

/** Options of each connector of the client under test. */
export const UNDER_TEST = {
  clientInfo: { name: "holdfast-conformance", version: "1.0.0" },
  capabilities: { elicitation: {}, sampling: {}, roots: {} },
};

/**
 * Does as an app on Holdfast does with a server it has never met. It lists the tools, calls every one, answers what it is asked, and
 * waits for the results. It contains no scenario: the suite passes the address, and sometimes the arguments of the calls.
 * @param context What the suite says of the calls, as JSON.
 */
export async function meetServer(
  server: Connector,
  context: string | undefined,
  log: (line: string) => void,
): Promise<void> {
  const client = new TaskClient({ store: memoryStore(), endpoints: { server } });
  try {
    const tools = await client.listTools("server");
    log(`tools: ${tools.map(({ name }) => name).join(", ") || "none"}`);
    const tasks: Task[] = [];
    // All are called before any question is answered: an answer must not leak into another call.
    for (const call of callsNamedBySuite(context) ?? tools.map(sampleCall)) {
      const task = await started(client, call, log);
      if (task) tasks.push(task);
    }
    for (const task of tasks) log(`${task.view.tool}: ${JSON.stringify(await seenThrough(task))}`);
  } finally {
    await client.close();
  }
}

/** A server may list a tool and not serve `tools/call`: nothing is left to do with such a tool. */
async function started(
  client: TaskClient,
  call: ToolCall,
  log: (line: string) => void,
): Promise<Task | undefined> {
  try {
    return await client.callTool("server", call.name, call.arguments);
  } catch (error) {
    if (!(error instanceof TaskFailedError) || error.failure.rpc?.code !== METHOD_NOT_FOUND) throw error;
    log(`${call.name}: not served`);
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
function callsNamedBySuite(context: string | undefined): readonly ToolCall[] | undefined {
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
