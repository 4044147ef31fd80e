import { type McpRequestContext, Server } from "@modelcontextprotocol/server";
import { type JsonObject, VERSION } from "holdfast";
import * as z from "zod";
import { METHOD_UNKNOWN } from "../../front/messages.ts";
import { invalidParams, METHOD_NOT_FOUND, RpcError } from "../../front/rpc-error.ts";
import type { ServerFacts } from "../group/gateway-group-rpc.ts";
import { PASSED_ON } from "../group/passed-on.ts";
import { callTool } from "./2026-07-28/call-tool.ts";
import { envelopeOf, tasksNeeded } from "./2026-07-28/envelope.ts";
import { cancelTask, getTask, updateTask } from "./2026-07-28/task-methods.ts";
import type { Caller } from "./caller.ts";
import { EVENT_METHODS } from "./events/methods.ts";
import { offersResults } from "./results/result-resource.ts";
import { capabilitiesOf } from "./server-capabilities.ts";
import { ask, serverFacts } from "./server-requests.ts";
import { toolList } from "./tools.ts";

const namesTask = z.object({ taskId: z.string() });

/** The SDK's server for one request of either era. What it does not answer itself is the endpoint's server's or a task's. */
export async function mcpServer(
  caller: Caller,
  { era }: McpRequestContext,
  waitUntil: (work: Promise<unknown>) => void,
  needsFacts: boolean,
): Promise<Server> {
  const facts: ServerFacts = needsFacts ? await serverFacts(caller) : { capabilities: {} };
  const server = new Server(identityOf(caller), {
    capabilities: capabilitiesOf(facts, era, offersResults(caller)),
    ...(facts.instructions !== undefined && { instructions: facts.instructions }),
  });
  const modern = era === "modern";
  server.setRequestHandler("tools/list", async ({ params }, context) => {
    const tasks = modern && envelopeOf(context).tasks;
    const companions = caller.settings.companions && !tasks;
    return (await toolList(caller, { companions, taskSupport: !modern }, params?.cursor)) as never;
  });
  server.fallbackRequestHandler = async ({ method, params }, context) => {
    if (modern && method === "tools/call") {
      const call = callTool(caller, (params ?? {}) as JsonObject, context);
      // Who hangs up is remembered too.
      waitUntil(call.catch(() => undefined));
      return call;
    }
    const eventMethod = EVENT_METHODS.get(method);
    if (eventMethod) return eventMethod(caller, params ?? {});
    if (!PASSED_ON.has(method)) throw new RpcError({ code: METHOD_NOT_FOUND, message: METHOD_UNKNOWN });
    return ask(caller, method, (params ?? {}) as JsonObject);
  };
  if (!modern) return server;

  server.setRequestHandler("tasks/get", { params: namesTask }, async ({ taskId }, context) => {
    if (!envelopeOf(context).tasks) throw tasksNeeded();
    return getTask(caller, taskId);
  });
  server.setRequestHandler("tasks/update", { params: namesTask }, async ({ taskId }, context) => {
    if (!envelopeOf(context).tasks) throw tasksNeeded();
    // The SDK takes `inputResponses` out of the params of any request.
    const { inputResponses } = context.mcpReq;
    if (!inputResponses) throw invalidParams("inputResponses is required");
    await updateTask(caller, taskId, inputResponses);
    return {};
  });
  server.setRequestHandler("tasks/cancel", { params: namesTask }, async ({ taskId }, context) => {
    if (!envelopeOf(context).tasks) throw tasksNeeded();
    await cancelTask(caller, taskId);
    return {};
  });
  return server;
}

function identityOf({ only }: Caller): { name: string; version: string; title: string } {
  if (!only) return { name: "holdfast", version: VERSION, title: "Holdfast" };
  return { name: `holdfast/${only.name}`, version: VERSION, title: only.title };
}
