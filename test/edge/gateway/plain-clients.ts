import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { createMCPClient } from "@ai-sdk/mcp";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** What came back of a call, as far as an agent loop looks at it. */
export interface Answer {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: { readonly task?: string };
  readonly isError?: boolean;
}

export function textOf({ content }: Answer): string {
  return content.map(({ text }) => text).join("\n");
}

export type Arguments = Readonly<Record<string, string | number>>;

/** A real client that knows no tasks. */
export interface PlainClient {
  /** Rejects when the client's own timeout is over. */
  call(tool: string, args: Arguments): Promise<Answer>;
  close(): Promise<void>;
}

export type Connect = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
) => Promise<PlainClient>;

export const sdkV1: Connect = async (url, headers, timeout) => {
  const client = new ClientV1({ name: "plain-v1", version: "1.0.0" });
  await client.connect(new TransportV1(url, { requestInit: { headers } }) as never);
  return {
    call: async (name, args) =>
      (await client.callTool({ name, arguments: args }, undefined, { timeout })) as Answer,
    close: () => client.close(),
  };
};

export function sdkV2(mode: "auto" | "legacy"): Connect {
  return async (url, headers, timeout) => {
    const client = new ClientV2({ name: "plain-v2", version: "1.0.0" }, { versionNegotiation: { mode } });
    await client.connect(new TransportV2(url, { requestInit: { headers } }));
    return {
      call: async (name, args) => (await client.callTool({ name, arguments: args }, { timeout })) as Answer,
      close: () => client.close(),
    };
  };
}

export const aiSdk: Connect = async (url, headers, timeout) => {
  const client = await createMCPClient({ transport: { type: "http", url: url.href, headers } });
  return {
    call: async (name, args) =>
      (await client.callTool({ name, arguments: args, options: { timeout } })) as Answer,
    close: () => client.close(),
  };
};

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** The MCP Inspector's CLI: a process for each call, with the SDK's own 60 s, which nothing can change. */
export const inspector: Connect = async (url, headers) => ({
  call: async (name, args) => {
    const script = require.resolve("@modelcontextprotocol/inspector-cli/build/index.js");
    const pairs = Object.entries(args).flatMap(([key, value]) => ["--tool-arg", `${key}=${value}`]);
    const sent = Object.entries(headers).flatMap(([key, value]) => ["--header", `${key}: ${value}`]);
    const call = ["--method", "tools/call", "--tool-name", name, ...pairs];
    const { stdout } = await run(
      process.execPath,
      [script, url.href, "--transport", "http", ...call, ...sent],
      {
        // It looks for its package.json from here.
        cwd: dirname(script),
      },
    );
    return JSON.parse(stdout) as Answer;
  },
  close: async () => undefined,
});

/** Acts as an agent: calls, then checks for as long as the answer says that the task runs. */
export async function callAndCheck(client: PlainClient, tool: string, args: Arguments): Promise<Answer> {
  let answer = await client.call(tool, args);
  while (answer.structuredContent?.task && !answer.isError) {
    answer = await client.call("check_task", { task: answer.structuredContent.task });
  }
  return answer;
}
