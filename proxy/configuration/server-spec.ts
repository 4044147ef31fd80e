import { createHash } from "node:crypto";
import type { Pairs } from "../../src/pairs/index.ts";
import { ConfigurationError } from "./variables.ts";

/** A server to run behind Holdfast. */
export type ServerSpec = LocalServer | RemoteServer;

interface AnyServer {
  /** Unique within a configuration. Records keep it. */
  readonly name: string;
  /** Its start/get pairs of tools, if it knows no Tasks. */
  readonly pairs?: Pairs;
  /** The key of `_meta` under which it takes idempotency keys. */
  readonly idempotencyKey?: string;
}

export interface LocalServer extends AnyServer {
  readonly kind: "local";
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the proxy's own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface RemoteServer extends AnyServer {
  readonly kind: "remote";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What one proxy serves. */
export interface Configuration {
  /** Names the configuration on disk: proxies of the same configuration share a folder of stores. */
  readonly key: string;
  /** For people: shown by `holdfast tasks`. */
  readonly label: string;
  readonly servers: readonly ServerSpec[];
}

/** A configuration of one server, named after its command or its host. */
export function ofOne(server: ServerSpec): Configuration {
  return { key: keyOf(identityOf(server)), label: server.name, servers: [server] };
}

/** A configuration from a file keeps its identity when servers are added to the file. */
export function ofFile(path: string, servers: readonly ServerSpec[]): Configuration {
  return { key: keyOf(["file", path]), label: path, servers };
}

/**
 * What makes two proxies serve the same thing. A remote server under another header is another account, whose tasks must
 * not be asked for with these credentials. A command in another folder is another project.
 */
function identityOf(server: ServerSpec): unknown {
  return server.kind === "local"
    ? ["local", server.command, server.args, server.cwd ?? process.cwd()]
    : ["remote", server.url, Object.entries(server.headers).sort()];
}

function keyOf(identity: unknown): string {
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16);
}

/**
 * The local server that a command line starts. Throws a ConfigurationError for an empty one.
 * @param options.name By default the name of the package or script.
 * @param options.variables Takes `NAME=value` before the command for its environment, as a shell does.
 */
export function localServer(
  line: readonly string[],
  { name, variables }: { readonly name?: string | undefined; readonly variables: boolean },
): LocalServer {
  const count = variables ? line.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word)) : 0;
  const given = line.slice(0, Math.max(0, count)).map((word) => /^(\w+)=(.*)$/s.exec(word) ?? []);
  const [command, ...args] = line.slice(Math.max(0, count));
  if (command === undefined || command === "") throw new ConfigurationError("The command to run is missing");
  return {
    kind: "local",
    name: name ?? nameOfCommand(command, args),
    command,
    args,
    env: Object.fromEntries(given.map(([, key = "", text = ""]) => [key, text])),
  };
}

const RUNNERS = new Set([
  "npx",
  "npx.cmd",
  "bunx",
  "uvx",
  "node",
  "python",
  "python3",
  "uv",
  "bun",
  "deno",
  "docker",
  "pipx",
]);

/** Parts of a path that many programs have: the part before says more. */
const GENERIC = /^(index|main|server|cli|app|run|dist|build|src|bin|lib|out)$/i;

/** A short name for a command: the package or script it runs. */
export function nameOfCommand(command: string, args: readonly string[]): string {
  const base = partsOf(command).at(-1) ?? "";
  const ran = RUNNERS.has(base.toLowerCase())
    ? args.find((arg) => !arg.startsWith("-") && !/^(run|exec|tool|x)$/.test(arg))
    : undefined;
  const parts = partsOf(ran ?? command);
  return plainName(parts.findLast((part) => !GENERIC.test(part)) ?? parts.at(-1) ?? "") || "server";
}

export function nameOfUrl(url: string): string {
  return plainName(new URL(url).hostname) || "server";
}

/** The parts of a path or package name, without version and extension. */
function partsOf(path: string): readonly string[] {
  const unversioned = path.replace(/(?<=[^/\\])@[^/\\@]*$/, "").replace(/\.((c|m)?(js|ts)|py|exe|cmd)$/i, "");
  return unversioned.split(/[/\\]/).filter(Boolean);
}

function plainName(text: string): string {
  return text.replaceAll(/[^\w.-]+/g, "-").slice(0, 64);
}
