import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { textOf } from "../peers/peer.ts";

/** How many calls are in flight while they are counted. */
export const AT_ONCE = 16;

/** Calls of a tool that answers at once, with a number. */
export interface PlainCalls {
  readonly client: Client;
  readonly tool: string;
}

export async function connected(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Client> {
  const client = new Client({ name: "an-agent", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    // The transport has one signal for all its requests, which Node would have listened to by thousands.
    fetch: (to, init) => fetch(to, { ...init, signal: null }),
  });
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  return client;
}

/** The gateway treats the same call specially while the first is in flight, so each call has its own argument. */
export function anew(): { readonly doi: string } {
  return { doi: `10.1/${crypto.randomUUID()}` };
}

export async function callPlain({ client, tool }: PlainCalls): Promise<void> {
  const result = await client.callTool({ name: tool, arguments: anew() });
  if (!Number.isFinite(Number(textOf(result)))) throw new Error(`It answered ${JSON.stringify(result)}`);
}

/** Keeps {@link AT_ONCE} calls in flight for `ms`. */
export async function manyCalls(
  plain: PlainCalls,
  ms: number,
): Promise<{ readonly calls: number; readonly perSecond: number }> {
  const began = performance.now();
  let calls = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() - began < ms) {
        await callPlain(plain);
        calls++;
      }
    }),
  );
  return { calls, perSecond: (calls * 1_000) / (performance.now() - began) };
}
