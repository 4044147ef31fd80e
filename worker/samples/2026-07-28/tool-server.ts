import {
  McpServer,
  type RequestStateCodec,
  type Result,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import { INTERNAL_ERROR, INVALID_PARAMS } from "../../../src/protocol/error-codes.ts";
import { IMMEDIATE_RESPONSE, TASKS_EXTENSION } from "../../../src/protocol/meta-keys.ts";
import { readAnswer } from "../edition-question.ts";
import { type Frame, RpcError, stringParam } from "../json-rpc.ts";
import type { Job, TaskRecord } from "../task-record.ts";
import type { TaskTable } from "../task-table.ts";
import { standing, toolError } from "../timeline.ts";
import {
  type AcquireArguments,
  acquirePaper,
  acquisition,
  echo,
  INSTRUCTIONS,
  lookupDoi,
  mustTask,
  slowEcho,
} from "../tools.ts";
import { inputRequest, wireTask } from "./detailed-task.ts";
import { requireElicitation, requireTasksExtension } from "./extension-capability.ts";

/** What a `requestState` holds of the call that was answered with a question. */
export interface AskedFirst {
  doi: string;
  /** How often the reader has been asked. */
  asked: number;
}

/** A server for one request. */
export function toolServer(
  tasks: TaskTable,
  states: RequestStateCodec<AskedFirst>,
  frame: Frame | undefined,
): McpServer {
  const server = new McpServer(
    { name: "holdfast-samples", version: "1.0.0" },
    {
      capabilities: { tools: { listChanged: false }, extensions: { [TASKS_EXTENSION]: {} } },
      instructions: INSTRUCTIONS,
    },
  );
  server.registerTool(lookupDoi.name, lookupDoi, lookupDoi.run);
  server.registerTool(slowEcho.name, slowEcho, slowEcho.run);
  // Here to be listed; they are called below.
  server.registerTool(acquirePaper.name, acquirePaper, unreachable);
  server.registerTool(mustTask.name, mustTask, unreachable);
  serveTasks(server, tasks);

  const tool = frame?.method === "tools/call" ? stringParam(frame, "name") : undefined;
  if (tool === acquirePaper.name || tool === mustTask.name) {
    // The SDK holds every result of a tools/call handler to be a CallToolResult and adds `content: []` to a task. What the
    // fallback handler returns goes out as it is.
    server.server.removeRequestHandler("tools/call");
    server.server.fallbackRequestHandler = (request, ctx) =>
      callTaskTool(tasks, states, tool, request.params?.arguments, ctx);
  }
  return server;
}

function unreachable(): never {
  throw new RpcError(INTERNAL_ERROR, "Not called this way");
}

async function callTaskTool(
  tasks: TaskTable,
  states: RequestStateCodec<AskedFirst>,
  tool: string,
  input: unknown,
  ctx: ServerContext,
): Promise<Result> {
  requireTasksExtension(ctx.mcpReq.envelope);
  if (tool === mustTask.name) {
    const args = mustTask.inputSchema.safeParse(input);
    return args.success ? startTask(tasks, echo(args.data)) : invalidArguments(args.error);
  }
  const args = acquirePaper.inputSchema.safeParse(input);
  if (!args.success) return invalidArguments(args.error);
  const { mode } = args.data;
  if (mode === "ask" || mode === "ask_first") requireElicitation(ctx.mcpReq.envelope);
  if (mode === "ask_first") return askFirst(tasks, states, args.data, ctx);
  return startTask(tasks, acquisition(args.data));
}

function startTask(tasks: TaskTable, job: Job): Result {
  const record = tasks.create("2026-07-28", job);
  const _meta = {
    [IMMEDIATE_RESPONSE]: "This takes a while; the task is under way.",
  };
  return { resultType: "task", ...wireTask(record, standing(record, record.createdAt)), _meta };
}

/** Asks in place of answering, and creates the task when the call is repeated with an answer. */
async function askFirst(
  tasks: TaskTable,
  states: RequestStateCodec<AskedFirst>,
  args: AcquireArguments,
  ctx: ServerContext,
): Promise<Result> {
  const sealed = ctx.mcpReq.requestState();
  const asked = sealed === undefined ? 0 : await unseal(states, String(sealed), args, ctx);
  const reply = asked === 0 ? undefined : ctx.mcpReq.inputResponses?.[`edition-${asked}`];
  const answer = readAnswer(reply, Date.now());
  switch (answer.action) {
    case "accept": {
      const { edition, withSupplement } = answer;
      return startTask(tasks, { ...acquisition(args), mode: "success", edition, withSupplement });
    }
    case "decline":
    case "cancel":
      return toolError("The reader declined");
    case "unusable":
      return {
        resultType: "input_required",
        inputRequests: { [`edition-${asked + 1}`]: inputRequest(args.doi) },
        requestState: await states.mint({ doi: args.doi, asked: asked + 1 }),
      };
  }
}

async function unseal(
  states: RequestStateCodec<AskedFirst>,
  sealed: string,
  args: AcquireArguments,
  ctx: ServerContext,
): Promise<number> {
  const state = await states.verify(sealed, ctx).catch(() => undefined);
  if (state?.doi !== args.doi) throw new RpcError(INVALID_PARAMS, "Invalid or expired requestState");
  return state.asked;
}

function invalidArguments(error: z.ZodError): Result {
  return toolError(`Invalid arguments: ${z.prettifyError(error)}`);
}

const namesTask = z.object({ taskId: z.string() });

function serveTasks({ server }: McpServer, tasks: TaskTable): void {
  server.setRequestHandler("tasks/get", { params: namesTask }, (params, ctx) => {
    const record = named(tasks, params.taskId, ctx);
    return { ...wireTask(record, standing(record, Date.now())) };
  });

  server.setRequestHandler("tasks/update", { params: namesTask }, (params, ctx) => {
    const record = named(tasks, params.taskId, ctx);
    // The SDK takes `inputResponses` out of the params of any request.
    const { inputResponses } = ctx.mcpReq;
    if (!inputResponses) throw new RpcError(INVALID_PARAMS, "Invalid params: inputResponses is required");
    const { question } = standing(record, Date.now());
    if (question !== undefined && question in inputResponses) {
      tasks.answer(record, question, readAnswer(inputResponses[question], Date.now()));
    }
    return {};
  });

  server.setRequestHandler("tasks/cancel", { params: namesTask }, (params, ctx) => {
    tasks.cancel(named(tasks, params.taskId, ctx));
    return {};
  });
}

function named(tasks: TaskTable, taskId: string, ctx: ServerContext): TaskRecord {
  requireTasksExtension(ctx.mcpReq.envelope);
  const record = tasks.get("2026-07-28", taskId);
  if (!record) throw new RpcError(INVALID_PARAMS, `Failed to retrieve task: no task ${taskId}`);
  return record;
}
