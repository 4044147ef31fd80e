import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import {
  createTaskSessionFromClient,
  resultFromTaskOutcome,
  type SerializedTaskReference,
  type TaskEnabledSession,
  type TaskSessionEndpointId,
} from "@modelcontextprotocol/ext-tasks/client";
import { type Address, type Peer, textOf } from "./peer.ts";
import { rawDispatch } from "./raw-dispatch.ts";

const ENDPOINT = "server" as TaskSessionEndpointId;
const IDENTITY = { name: "an-app", version: "1.0.0" };
const CAPABILITIES = { elicitation: {} };

/** `@modelcontextprotocol/ext-tasks` over the v2 SDK's Client, put together as its documentation says. */
export const extTasks: Peer = {
  name: "ext-tasks + v2 Client",
  speaks: () => true,
  async open(address) {
    const { client, session } = await connected(address);
    return {
      async call(tool) {
        const execution = await session.callTool(tool);
        return textOf(resultFromTaskOutcome((await execution.settle()).outcome));
      },
      async start(tool, args) {
        const execution = await session.callTool(tool, args);
        execution.settle().catch(() => undefined);
      },
      async leave(tool) {
        const execution = await session.callTool(tool);
        if (execution.kind !== "task") throw new Error(`${tool} became no task`);
        let kept: SerializedTaskReference | undefined;
        await execution.handoff((reference) => {
          kept = reference;
        });
        return { reference: kept };
      },
      close: () => client.close(),
    };
  },
  async reopen(address, kept) {
    const { client, session } = await connected(address);
    const execution = await session.resumeTask(kept.reference as SerializedTaskReference);
    return {
      result: async () => textOf(resultFromTaskOutcome((await execution.settle()).outcome)),
      close: () => client.close(),
    };
  },
};

export async function connected({
  url,
  generation,
  fetch,
  transport,
}: Address): Promise<{ client: Client; session: TaskEnabledSession }> {
  const modern = generation === "2026-07-28";
  const client = new Client(IDENTITY, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: modern ? { pin: generation } : "legacy" },
  });
  const http = new StreamableHTTPClientTransport(new URL(url), { fetch });
  await client.connect((transport as Parameters<Client["connect"]>[0] | undefined) ?? http);
  const session = createTaskSessionFromClient<void>(client, {
    endpointId: ENDPOINT,
    ...(modern && {
      rawDispatch: rawDispatch(client),
      v2RequestFraming: {
        protocolVersion: generation,
        clientInfo: IDENTITY,
        clientCapabilities: CAPABILITIES,
      },
    }),
  } as Parameters<typeof createTaskSessionFromClient<void>>[1]);
  return { client, session };
}
