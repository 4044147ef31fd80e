import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { fromClient as fromClientV1 } from "../../src/channel/sdk-v1.ts";
import { type Connector, fromClient as fromClientV2 } from "../../src/channel/sdk-v2.ts";
import type { Session } from "../../src/index.ts";
import type { Fetch } from "./wire.ts";

/** An SDK Client of either major with the handlers an app gives it, and what reached them. */
export interface AppClient {
  /** For Holdfast. */
  readonly connector: Connector;
  /** The messages its elicitation handler was asked with. */
  readonly asked: readonly string[];
  /** The methods of the notifications its handlers got. */
  readonly notified: readonly string[];
  /** The errors that its `onerror` received. */
  readonly errors: readonly string[];
  /** With a new transport; in a session that is given, without a handshake. */
  connect(session?: Session): Promise<void>;
  listTools(): Promise<readonly unknown[]>;
  callTool(name: string, args: Args, onprogress?: (progress: unknown) => void): Promise<Result>;
  close(): Promise<void>;
}

export type Args = Record<string, unknown>;

export interface Result {
  readonly content: readonly unknown[];
}

export type MakeAppClient = (url: URL, fetch: Fetch) => AppClient;

export const ANSWER = { action: "accept" as const, content: { name: "Ada" } };

export const IDENTITY = { name: "an-app", version: "1.0.0" };
const CAPABILITIES = { capabilities: { elicitation: {} } };

export function v1Client(url: URL, fetch: Fetch): AppClient {
  const client = new ClientV1(IDENTITY, CAPABILITIES);
  const asked: string[] = [];
  const notified: string[] = [];
  const errors: string[] = [];
  client.onerror = (error) => errors.push(error.message);
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params.message);
    return ANSWER;
  });
  for (const schema of [LoggingMessageNotificationSchema, ResourceListChangedNotificationSchema]) {
    client.setNotificationHandler(schema, ({ method }) => void notified.push(method));
  }
  return {
    connector: fromClientV1(client),
    asked,
    notified,
    errors,
    async connect(session) {
      const transport = new TransportV1(url, { fetch, ...resumed(session) });
      if (session) transport.setProtocolVersion(session.protocolVersion);
      await client.connect(transport);
    },
    listTools: async () => (await client.listTools()).tools,
    async callTool(name, args, onprogress) {
      const options = onprogress ? { onprogress } : {};
      return (await client.callTool({ name, arguments: args }, undefined, options)) as Result;
    },
    close: () => client.close(),
  };
}

export function v2Client(url: URL, fetch: Fetch): AppClient {
  const client = new ClientV2(IDENTITY, { ...CAPABILITIES, versionNegotiation: { mode: "auto" } });
  const asked: string[] = [];
  const notified: string[] = [];
  const errors: string[] = [];
  client.onerror = (error) => errors.push(error.message);
  client.setRequestHandler("elicitation/create", ({ params }) => {
    asked.push(params.message);
    return ANSWER;
  });
  const kinds = [
    "notifications/message",
    "notifications/resources/list_changed",
    "notifications/tools/list_changed",
  ] as const;
  for (const kind of kinds) {
    client.setNotificationHandler(kind, ({ method }) => void notified.push(method));
  }
  return {
    connector: fromClientV2(client, { clientInfo: IDENTITY }),
    asked,
    notified,
    errors,
    async connect(session) {
      const transport = new TransportV2(url, { fetch, ...resumed(session) });
      if (session) transport.setProtocolVersion(session.protocolVersion);
      await client.connect(transport);
    },
    listTools: async () => (await client.listTools()).tools,
    async callTool(name, args, onprogress) {
      return (await client.callTool({ name, arguments: args }, onprogress ? { onprogress } : {})) as Result;
    },
    close: () => client.close(),
  };
}

function resumed(session: Session | undefined): { sessionId?: string } {
  return session?.sessionId === undefined ? {} : { sessionId: session.sessionId };
}
