import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import {
  type CreateTaskSessionFromClientOptions,
  createTaskSessionFromClient,
  type TaskEnabledSession,
  toolDeclarationFromMcpTool,
} from "@modelcontextprotocol/ext-tasks/client";
import type { JsonValue } from "@modelcontextprotocol/ext-tasks/core";

const CLIENT_INFO = { name: "ext-tasks", version: "1.0.0" };
const CAPABILITIES = { elicitation: { form: {} }, extensions: { "io.modelcontextprotocol/tasks": {} } };
const VERSION = "2026-07-28";

export interface ExtTasks {
  readonly session: TaskEnabledSession;
  close(): Promise<void>;
}

/** The official client library for tasks, on a v2 Client of either era. It accepts whatever it is asked. */
export async function extTasks(
  url: URL,
  headers: Readonly<Record<string, string>>,
  mode: "auto" | "legacy",
): Promise<ExtTasks> {
  const client = new Client(CLIENT_INFO, { versionNegotiation: { mode }, capabilities: CAPABILITIES });
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  const { tools } = await client.listTools();
  const declared = new Map(tools.map((tool) => [tool.name, toolDeclarationFromMcpTool(tool)]));
  const session = createTaskSessionFromClient(client, {
    endpointId: "gateway",
    tools: { currentTool: (name) => declared.get(name) },
    onInputRequest: async () => ({ action: "accept", content: { confirm: true } }) as never,
    ...(mode === "auto" && {
      rawDispatch: (request: JsonValue) => post(url, headers, request),
      v2RequestFraming: {
        protocolVersion: VERSION,
        clientInfo: CLIENT_INFO,
        clientCapabilities: CAPABILITIES,
      },
    }),
  } as CreateTaskSessionFromClientOptions);
  return {
    session,
    close: async () => {
      await session.close();
      await client.close();
    },
  };
}

/** The library leaves the requests that the SDK's Client cannot send to its host. */
async function post(url: URL, headers: Readonly<Record<string, string>>, request: JsonValue): Promise<never> {
  const { method, params } = request as { method: string; params: { name?: string; taskId?: string } };
  const reply = await fetch(url, {
    method: "POST",
    headers: {
      ...headers,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": VERSION,
      "mcp-method": method,
      "mcp-name": params.name ?? params.taskId ?? "",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: crypto.randomUUID(), ...(request as object) }),
  });
  return (await reply.json()) as never;
}
