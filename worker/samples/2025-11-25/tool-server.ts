import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/cfworker-provider.js";
import { INVALID_PARAMS } from "../../../src/protocol/error-codes.ts";
import { IMMEDIATE_RESPONSE } from "../../../src/protocol/meta-keys.ts";
import { RpcError } from "../json-rpc.ts";
import type { TaskTable } from "../task-table.ts";
import { acquirePaper, acquisition, echo, INSTRUCTIONS, lookupDoi, mustTask, slowEcho } from "../tools.ts";
import { LabTaskStore } from "./task-store.ts";

/** A server for one session. All it holds is what the SDK keeps of the session; the tasks are the lab's. */
export function toolServer(tasks: TaskTable): McpServer {
  const store = new LabTaskStore(tasks);
  const server = new McpServer(
    { name: "holdfast-samples", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: false },
        tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
      },
      instructions: INSTRUCTIONS,
      taskStore: store,
      // The default validator compiles its schemas with eval, which workerd refuses.
      jsonSchemaValidator: new CfWorkerJsonSchemaValidator(),
    },
  );

  const reading = {
    getTask: async (_args: unknown, extra: { taskId: string }) => {
      const task = await store.getTask(extra.taskId);
      if (!task) throw new RpcError(INVALID_PARAMS, `Task not found: ${extra.taskId}`);
      return task;
    },
    getTaskResult: async (_args: unknown, extra: { taskId: string }) => {
      const result = await store.getTaskResult(extra.taskId);
      return { content: [], ...result };
    },
  };

  server.experimental.tasks.registerToolTask(
    acquirePaper.name,
    {
      ...acquirePaper,
      inputSchema: acquirePaper.inputSchema.shape,
      execution: { taskSupport: "optional" },
    },
    {
      ...reading,
      createTask: async (args, extra) => {
        const job = acquisition(args);
        if (job.mode === "ask" && !server.server.getClientCapabilities()?.elicitation) {
          throw new RpcError(INVALID_PARAMS, "This mode asks the reader, and the client has no elicitation");
        }
        const task = await extra.taskStore.createTask({
          ttl: extra.taskRequestedTtl ?? null,
          context: { job },
        });
        return { task, ...immediately(`Acquiring ${job.doi}; this takes a while.`) };
      },
    },
  );

  server.experimental.tasks.registerToolTask(
    mustTask.name,
    {
      ...mustTask,
      inputSchema: mustTask.inputSchema.shape,
      execution: { taskSupport: "required" },
    },
    {
      ...reading,
      createTask: async (args, extra) => {
        const job = echo(args);
        const task = await extra.taskStore.createTask({
          ttl: extra.taskRequestedTtl ?? null,
          context: { job },
        });
        return { task, ...immediately("Echoing.") };
      },
    },
  );

  server.registerTool(lookupDoi.name, lookupDoi, lookupDoi.run);
  server.registerTool(slowEcho.name, slowEcho, slowEcho.run);
  return server;
}

function immediately(text: string) {
  return { _meta: { [IMMEDIATE_RESPONSE]: text } };
}
