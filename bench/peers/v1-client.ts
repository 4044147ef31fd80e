import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { type Address, type Args, type Peer, textOf } from "./peer.ts";

const IDENTITY = { name: "an-app", version: "1.0.0" };

/**
 * The v1 SDK's `callToolStream`. An app that knows the tool to be a task says so, and need not list the tools; nothing is
 * kept for it, so what a later page needs, the app has to keep.
 */
export const v1Client: Peer = {
  name: "v1 Client, callToolStream",
  speaks: (generation) => generation === "2025-11-25",
  async open(address) {
    const { client, transport } = await connected(address);
    return {
      async call(tool) {
        for await (const message of streamOf(client, tool)) {
          if (message.type === "result") return textOf(message.result);
          if (message.type === "error") throw message.error;
        }
        throw new Error("The stream ended without a result");
      },
      start: (tool, args) =>
        new Promise((started, failed) => {
          void (async () => {
            for await (const message of streamOf(client, tool, args)) {
              if (message.type === "taskCreated") started();
              if (message.type === "error") failed(message.error);
            }
          })();
        }),
      async leave(tool) {
        for await (const message of streamOf(client, tool)) {
          if (message.type === "taskCreated")
            return { taskId: message.task.taskId, sessionId: transport.sessionId };
        }
        throw new Error(`${tool} became no task`);
      },
      close: () => client.close(),
    };
  },
};

/** The same, with the session kept too: an app may go that far, and then needs no handshake. */
export const v1ClientKeepingItsSession: Peer = {
  ...v1Client,
  name: "v1 Client, its app keeping task and session",
  async reopen(address, { taskId, sessionId }) {
    const { client } = await connected(address, String(sessionId));
    return { result: () => pollOn(client, String(taskId)), close: () => client.close() };
  },
};

export const v1ClientKeepingItsTask: Peer = {
  ...v1Client,
  name: "v1 Client, its app keeping the task",
  async reopen(address, { taskId }) {
    const { client } = await connected(address);
    return { result: () => pollOn(client, String(taskId)), close: () => client.close() };
  },
};

/** The loop of `callToolStream`, which an app has to write itself for a task it did not start in this page. */
async function pollOn(client: Client, taskId: string): Promise<string> {
  for (;;) {
    const { status, pollInterval } = await client.experimental.tasks.getTask(taskId);
    if (status === "completed") break;
    if (status !== "working") throw new Error(`The task is ${status}`);
    await new Promise((resolve) => setTimeout(resolve, pollInterval ?? 1_000));
  }
  return textOf(await client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema));
}

function streamOf(client: Client, tool: string, args?: Args) {
  const params = { name: tool, ...(args && { arguments: args }) };
  return client.experimental.tasks.callToolStream(params, CallToolResultSchema, { task: {} });
}

async function connected({ url, fetch, transport: direct }: Address, sessionId?: string) {
  const client = new Client(IDENTITY, { capabilities: { elicitation: {} } });
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch,
    ...(sessionId !== undefined && { sessionId }),
  });
  await client.connect((direct ?? transport) as unknown as Parameters<Client["connect"]>[0]);
  return { client, transport };
}
