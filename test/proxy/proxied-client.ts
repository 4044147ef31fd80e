import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { ClientCapabilities } from "@modelcontextprotocol/sdk/types.js";
import { ROOT } from "../bundle/package-build.ts";

const require = createRequire(import.meta.url);

export const HOLDFAST = `${ROOT}dist/proxy/holdfast.cjs`;
/** The official server-everything on stdio, as a command. */
export const EVERYTHING: readonly string[] = [
  process.execPath,
  require.resolve("@modelcontextprotocol/server-everything/dist/index.js"),
  "stdio",
];

/** A data folder of a test's own. */
export class DataFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "holdfast-proxy-"));

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** The environment of a command under test. */
export function environment(
  folder: DataFolder,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("npm_"),
  );
  return { ...Object.fromEntries(inherited), HOLDFAST_DATA: folder.path, ...more };
}

export interface ProxiedClient {
  readonly client: Client;
  readonly transport: StdioClientTransport;
  /** What the command has said on stderr. */
  stderr(): string;
}

export interface ProxiedOptions {
  readonly capabilities?: ClientCapabilities;
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called before the client connects: handlers of the server's requests. */
  readonly prepare?: (client: Client) => void;
}

/** An SDK v1 client in front of a command: the proxy with these arguments, or any other server. */
export async function connected(
  command: readonly string[],
  folder: DataFolder,
  { capabilities = {}, name = "test-agent", env, cwd, prepare }: ProxiedOptions = {},
): Promise<ProxiedClient> {
  const [program = "", ...args] = command;
  const transport = new StdioClientTransport({
    command: program,
    args,
    env: environment(folder, env),
    ...(cwd !== undefined && { cwd }),
    stderr: "pipe",
  });
  let said = "";
  transport.stderr?.on("data", (text: Buffer) => {
    said += text.toString();
  });
  const client = new Client({ name, version: "1.0.0" }, { capabilities });
  prepare?.(client);
  await client.connect(transport, { timeout: 90_000 });
  return { client, transport, stderr: () => said };
}

/** The command line of the proxy with these arguments. */
export function holdfast(...args: readonly string[]): readonly string[] {
  return [process.execPath, HOLDFAST, ...args];
}
