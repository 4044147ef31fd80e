import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

type Headers = Readonly<Record<string, string>>;

/** The official clients themselves, for what more than calling a tool is done with them. */
export async function connectV1(url: URL, headers: Headers, capabilities: object = {}): Promise<ClientV1> {
  const client = new ClientV1({ name: "surface-v1", version: "1.0.0" }, { capabilities });
  await client.connect(new TransportV1(url, { requestInit: { headers } }) as never);
  return client;
}

export async function connectV2(
  url: URL,
  headers: Headers,
  mode: "auto" | "legacy",
  capabilities: object = {},
): Promise<ClientV2> {
  const options = { versionNegotiation: { mode }, capabilities };
  const client = new ClientV2({ name: "surface-v2", version: "1.0.0" }, options);
  await client.connect(new TransportV2(url, { requestInit: { headers } }));
  return client;
}
