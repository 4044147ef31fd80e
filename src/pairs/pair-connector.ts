import type { Connection, Connector } from "../channel/connection.ts";
import type { RequestOptions } from "../channel/rpc-channel.ts";
import { RequestFailedError } from "../engine/request-failed.ts";
import { type JsonObject, own } from "../protocol/json.ts";
import { METHOD_NOT_FOUND } from "../protocol/json-rpc.ts";
import { PAIR_CANCEL, PAIR_GET, PAIR_LIST, pairs as protocol } from "../protocol/pairs.ts";
import { registerProtocols } from "../protocol/registry.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import { MalformedReplyError, type TaskReading } from "../protocol/task-reading.ts";
import { readToolResult, type ToolResult } from "../protocol/tool-result.ts";
import { argumentsFor, type Job, readJob } from "./job.ts";
import { offeredTools } from "./offered-tools.ts";
import type { Pair, Pairs } from "./pair.ts";
import { textOf } from "./places.ts";
import { readPairs } from "./read-pairs.ts";
import { deniesJob, readList, readStart, readStatusReply, withResult } from "./readings.ts";

/** The code by which servers say that they do not have a task. */
const UNKNOWN_TASK = -32002;

/**
 * Makes tasks of a server's start/get pairs. The connector returned is used like the one given: the tool that stands for a pair is
 * in the server's list, and a call of it is a durable task that the pair's status tool is asked about.
 *
 * Wrap the endpoint's connector in every process that runs its tasks, and before the client is made: a record of a pair is
 * reported as unreadable, and left as it is, where no connector was wrapped.
 * @throws PairsError for a description that is not one; it names the field.
 * @example
 * const lab = withPairs(fromUrl("https://lab.example/mcp"), {
 *   export: {
 *     start: { tool: "start_export", id: "/job_id" },
 *     status: { tool: "get_export", arguments: { job_id: "/id" }, status: "/state", progress: "/percent", total: 100 },
 *   },
 * });
 * const tasks = new TaskClient({ store, endpoints: { lab } });
 * const task = await tasks.callTool("lab", "export", { table: "papers" });
 */
export function withPairs(connector: Connector, described: Pairs): Connector {
  const pairs = readPairs(described);
  registerProtocols({ pairs: protocol });
  const { address, label, idempotencyKey } = connector;
  return {
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(address !== undefined && { address }),
    ...(label !== undefined && { label }),
    get renewable() {
      return connector.renewable;
    },
    overlay: {
      generation: "pairs",
      sessionOf(tool, session) {
        const pair = own(pairs, tool);
        if (!pair) return session;
        return { ...session, generation: "pairs", serverCapabilities: { list: pair.list !== undefined } };
      },
    },
    async connect(events, remembered, limits) {
      return pairedConnection(await connector.connect(events, remembered, limits), pairs);
    },
  };
}

function pairedConnection(inner: Connection, pairs: Pairs): Connection {
  return {
    get session() {
      return inner.session;
    },
    request: (frame, options) => pairedRequest(inner, pairs, frame, options),
    respond: (id, result) => inner.respond(id, result),
    refuse: (id, code, message) => inner.refuse(id, code, message),
    ...(inner.listen && { listen: () => inner.listen?.() ?? Promise.resolve() }),
    ...(inner.stopListening && { stopListening: () => inner.stopListening?.() }),
    close: () => inner.close(),
  };
}

async function pairedRequest(
  inner: Connection,
  pairs: Pairs,
  frame: Frame,
  options: RequestOptions | undefined,
): Promise<unknown> {
  const { method, params } = frame;
  switch (method) {
    case "tools/list":
      return offeredTools(await inner.request(frame, options), pairs);
    case "tools/call": {
      const name = String(params.name);
      const pair = own(pairs, name);
      if (!pair) return inner.request(frame, options);
      const { tool, arguments: fixed } = pair.start;
      const args = { ...(params.arguments as JsonObject | undefined), ...valuesOf(fixed) };
      const start: Frame = { ...frame, params: { ...params, name: tool, arguments: args } };
      return readStart(name, pair, toolResult(tool, await inner.request(start, options)), args);
    }
    case PAIR_GET:
      return get(inner, pairs, String(params.taskId), options);
    case PAIR_LIST: {
      const { name, arguments: args, cursor } = params;
      const pair = own(pairs, String(name));
      const { list } = pair ?? {};
      if (!pair || !list) throw noTool(method, String(name), "list");
      const page = list.cursor &&
        typeof cursor === "string" && { [list.cursor.argument]: JSON.parse(cursor) };
      const result = await ask(inner, list.tool, { ...valuesOf(list.arguments), ...page }, options);
      return readList(String(name), pair, result, args);
    }
    case PAIR_CANCEL: {
      const job = readJob(String(params.taskId));
      const cancel = own(pairs, job.pair)?.cancel;
      if (!cancel) throw noTool(method, job.pair, "cancel");
      const result = await ask(inner, cancel.tool, argumentsFor(job, cancel.arguments), options);
      // It refuses: the next poll says why.
      if (result.isError) throw refused(cancel.tool, METHOD_NOT_FOUND, textOf(result));
      return {};
    }
    default:
      return inner.request(frame, options);
  }
}

async function get(
  inner: Connection,
  pairs: Pairs,
  taskId: string,
  options: RequestOptions | undefined,
): Promise<TaskReading> {
  const job = readJob(taskId);
  const pair = own(pairs, job.pair);
  if (!pair) {
    const message = `No pair of the endpoint is named ${JSON.stringify(job.pair)}: describe it again to go on with the task`;
    throw new RequestFailedError(PAIR_GET, { kind: "network", message, unsent: true });
  }
  const { status } = pair;
  const said = await askOfJob(inner, job, pair, status.tool, argumentsFor(job, status.arguments), options);
  const { reading, wantsResult } = readStatusReply(job.pair, pair, taskId, said);
  if (!wantsResult || !pair.result) return reading;
  const args = argumentsFor(job, pair.result.arguments);
  return withResult(reading, await ask(inner, pair.result.tool, args, options), pair.result);
}

/** Asks how a job is. Throws what the engine takes for an unknown task where the server says that it has no such job. */
async function askOfJob(
  inner: Connection,
  { pair: name }: Job,
  { status: { status } }: Pair,
  tool: string,
  args: JsonObject,
  options: RequestOptions | undefined,
): Promise<ToolResult> {
  let result: ToolResult;
  try {
    result = await ask(inner, tool, args, options);
  } catch (error) {
    const rpc = error instanceof RequestFailedError && error.failure.kind === "rpc" && error.failure;
    if (!rpc) throw error;
    if (deniesJob(rpc.message)) throw refused(tool, UNKNOWN_TASK, rpc.message);
    // Of a tool, these codes say that the call was wrong, and not that the job is gone.
    throw new MalformedReplyError(`${tool} of the pair ${name}: ${rpc.message}`, rpc.error);
  }
  const text = result.isError ? textOf(result) : "";
  if (deniesJob(text) && status !== undefined) throw refused(tool, UNKNOWN_TASK, text);
  return result;
}

async function ask(
  inner: Connection,
  tool: string,
  args: JsonObject,
  options: RequestOptions | undefined,
): Promise<ToolResult> {
  return toolResult(
    tool,
    await inner.request({ method: "tools/call", params: { name: tool, arguments: args } }, options),
  );
}

function toolResult(tool: string, reply: unknown): ToolResult {
  const result = readToolResult(reply);
  if (!result) throw new MalformedReplyError(`The reply of ${tool} is not a tool result`, reply);
  return result;
}

function valuesOf(fixed: Readonly<Record<string, { readonly value: unknown }>> = {}): JsonObject {
  return Object.fromEntries(Object.entries(fixed).map(([name, { value }]) => [name, value]));
}

function noTool(method: string, pair: string, kind: string): RequestFailedError {
  return refused(method, METHOD_NOT_FOUND, `The pair ${pair} describes no ${kind} tool`);
}

function refused(method: string, code: number, message: string): RequestFailedError {
  return new RequestFailedError(method, { kind: "rpc", error: { code, message }, message });
}
