import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { type Pairs, PairsError, readPairs } from "../../src/pairs/index.ts";
import { isObject } from "../../src/protocol/json.ts";
import { IDEMPOTENCY_KEY, META_KEY } from "../../src/protocol/meta-keys.ts";
import { type Configuration, ofFile, type ServerSpec } from "./server-spec.ts";
import { ConfigurationError, expanded } from "./variables.ts";

/**
 * Reads a file of the shape agents use: `{ "mcpServers": { name: { command, args, env } | { url, headers } } }`. An entry may
 * have `pairs`, too: the start/get pairs of a server without Tasks; and `idempotencyKey`: `true`, or the key of `_meta` under
 * which the server takes idempotency keys.
 */
export function readConfigFile(path: string, env: NodeJS.ProcessEnv = process.env): Configuration {
  const file = resolve(path);
  const root = parsed(textOf(file), file);
  const found = isObject(root) ? (root.mcpServers ?? root.servers) : undefined;
  if (!isObject(found))
    throw new ConfigurationError(
      `${file} has no "mcpServers" object, such as { "mcpServers": { "name": { "command": "…" } } }`,
    );
  const servers = Object.entries(found)
    .filter(([, entry]) => !(isObject(entry) && entry.disabled === true))
    .map(([name, entry]) => inFile(file, () => serverOf(name, entry, env)));
  if (servers.length === 0)
    throw new ConfigurationError(`${file} has no server in "mcpServers" that is not disabled`);
  return ofFile(file, servers);
}

/** Says in which file an entry is wrong. */
function inFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigurationError) throw new ConfigurationError(`${file}: ${error.message}`);
    throw error;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code = "error" } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(
      `${file} ${code === "ENOENT" ? "does not exist" : `cannot be read (${code})`}`,
    );
  }
}

/** JSON with comments and trailing commas. Throws a ConfigurationError that names the place of the first error. */
export function parsed(text: string, file: string): unknown {
  const errors: ParseError[] = [];
  const root: unknown = parse(text.replace(/^\uFEFF/, ""), errors, { allowTrailingComma: true });
  const [first] = errors;
  if (!first) return root;
  const before = text.slice(0, first.offset).split("\n");
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  throw new ConfigurationError(`${file} is not valid JSON: ${printParseErrorCode(first.error)} at ${place}`);
}

export function serverOf(name: string, entry: unknown, env: NodeJS.ProcessEnv): ServerSpec {
  const server = reachedServer(name, entry, env);
  const { pairs, idempotencyKey } = isObject(entry) ? entry : {};
  return {
    ...server,
    ...(pairs !== undefined && { pairs: pairsOf(pairs, name) }),
    ...(idempotencyKey !== undefined && { idempotencyKey: keyNameOf(idempotencyKey, name) }),
  };
}

/** Throws a ConfigurationError for what is neither `true` nor a key of `_meta`. */
export function keyNameOf(value: unknown, name: string): string {
  if (value === true) return IDEMPOTENCY_KEY;
  if (typeof value === "string" && META_KEY.test(value)) return value;
  throw new ConfigurationError(
    `idempotencyKey of ${name} must be true, or a key of _meta such as com.example/idempotency-key`,
  );
}

/** Reads a file with the pairs of one server. Throws a ConfigurationError that names the file and the field. */
export function readPairsFile(path: string): Pairs {
  const file = resolve(path);
  const described = parsed(textOf(file), file);
  return inFile(file, () => pairsOf(described, "the server"));
}

function pairsOf(described: unknown, name: string): Pairs {
  try {
    return readPairs(described);
  } catch (error) {
    if (error instanceof PairsError)
      throw new ConfigurationError(
        `pairs of ${name}: ${[error.path, error.problem].filter(Boolean).join(" ")}`,
      );
    throw error;
  }
}

function reachedServer(name: string, entry: unknown, env: NodeJS.ProcessEnv): ServerSpec {
  if (isObject(entry) && typeof entry.command === "string") {
    return {
      kind: "local",
      name,
      command: expanded(entry.command, env),
      args: textsOf(entry.args ?? [], `args of ${name}`).map((arg) => expanded(arg, env)),
      env: mapOf(entry.env ?? {}, `env of ${name}`, env),
      ...(typeof entry.cwd === "string" && { cwd: entry.cwd }),
    };
  }
  if (isObject(entry) && typeof entry.url === "string") {
    if (entry.type === "sse" || entry.transport === "sse")
      throw new ConfigurationError(`${name} uses the transport HTTP+SSE, which Holdfast does not speak`);
    return remoteServer(
      name,
      expanded(entry.url, env),
      mapOf(entry.headers ?? {}, `headers of ${name}`, env),
    );
  }
  throw new ConfigurationError(`${name} has neither a "command" nor a "url"`);
}

/** Throws a ConfigurationError for an address that is not http or https, or that holds credentials. */
export function remoteServer(
  name: string,
  url: string,
  headers: Readonly<Record<string, string>>,
): ServerSpec {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (!address || !/^https?:$/.test(address.protocol))
    throw new ConfigurationError(`The address of ${name} must begin with https:// or http://`);
  if (address.username || address.password)
    throw new ConfigurationError(
      `The address of ${name} holds a user name or password: give a header instead`,
    );
  return { kind: "remote", name, url: address.href, headers };
}

function textsOf(value: unknown, what: string): readonly string[] {
  if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
  throw new ConfigurationError(`The ${what} must be a list of strings`);
}

function mapOf(value: unknown, what: string, env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  if (!isObject(value)) throw new ConfigurationError(`The ${what} must be an object`);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]) => {
      if (typeof entry === "object" && entry !== null)
        throw new ConfigurationError(`The ${what} must have a text for ${key}`);
      return entry === null ? [] : [[key, expanded(String(entry), env)]];
    }),
  );
}
