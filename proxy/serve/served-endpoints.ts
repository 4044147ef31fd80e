import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { words } from "../command-line/words.ts";
import { parsed, readPairsFile, serverOf } from "../configuration/config-file.ts";
import { type LocalServer, localServer } from "../configuration/server-spec.ts";
import { ConfigurationError } from "../configuration/variables.ts";

/** The name of the service binding that leads to the local servers. */
export const LOCAL_SERVERS = "LOCAL_SERVERS";

/** What the worker is given as ENDPOINTS, and the local servers behind it. */
export interface ServedEndpoints {
  readonly endpoints: JsonObject;
  readonly local: readonly LocalServer[];
  /** Environment variables that the endpoints name as `${NAME}`. */
  readonly variables: readonly string[];
}

/**
 * Reads the endpoints of `--config` and `--endpoint`. Throws a ConfigurationError.
 * @param file JSON as the worker's ENDPOINTS. An entry may be `{ command, args, env, cwd }` in place of `{ url, … }`.
 * @param given Each `name=https://…`, or `name=-- command args…`.
 * @param pairs Each `name=<file>`: a file with the pairs of an endpoint.
 */
export function servedEndpoints(
  file: string | undefined,
  given: readonly string[],
  pairs: readonly string[],
  env: NodeJS.ProcessEnv,
): ServedEndpoints {
  const local: LocalServer[] = [];
  const entries = new Map<string, unknown>(
    file === undefined ? [] : Object.entries(entriesIn(resolve(file))),
  );
  for (const text of given) {
    const [, name, target = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined)
      throw new ConfigurationError('--endpoint must be name=https://… or name="-- command"');
    if (entries.has(name)) throw new ConfigurationError(`The endpoint ${name} is there twice`);
    entries.set(name, givenEndpoint(name, target));
  }
  for (const text of pairs) {
    const [, name = "", path] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (path === undefined) throw new ConfigurationError("--pairs must be name=<file>");
    const entry = entries.get(name);
    if (!isObject(entry))
      throw new ConfigurationError(`--pairs names the endpoint ${name}, which is not given`);
    if (entry.pairs !== undefined)
      throw new ConfigurationError(`The pairs of the endpoint ${name} are there twice`);
    entries.set(name, { ...entry, pairs: readPairsFile(path) });
  }
  const endpoints = [...entries].map(([name, entry]) => {
    if (!isObject(entry) || typeof entry.command !== "string") return [name, entry] as const;
    // The worker's own names; without them the address below would not lead there.
    if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name))
      throw new ConfigurationError(
        `The endpoint ${name} must be named by 1 to 32 of a-z 0-9 -, not starting with the hyphen`,
      );
    const { command: _command, args: _args, env: _env, cwd: _cwd, ...options } = entry;
    local.push(serverOf(name, entry, env) as LocalServer);
    return [name, { ...options, url: `https://local.invalid/${name}`, service: LOCAL_SERVERS }] as const;
  });
  const text = JSON.stringify(Object.fromEntries(endpoints));
  const variables = new Set([...text.matchAll(/\$\{([A-Za-z_]\w*)\}/g)].map(([, name = ""]) => name));
  return {
    endpoints: Object.fromEntries(endpoints) as JsonObject,
    local,
    variables: [...variables].filter((name) => env[name] !== undefined),
  };
}

function entriesIn(file: string): JsonObject {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigurationError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const root = parsed(text, file);
  if (isObject(root)) return root;
  throw new ConfigurationError(`${file} must hold an object, such as { "papers": { "url": "https://…" } }`);
}

function givenEndpoint(name: string, target: string): JsonObject {
  const [, line] = /^\s*--\s(.*)$/s.exec(target) ?? [];
  if (line !== undefined) {
    const server = localServer(words(line), { name, variables: true });
    return { command: server.command, args: [...server.args], env: { ...server.env } };
  }
  if (!/^https?:\/\//i.test(target))
    throw new ConfigurationError(`The endpoint ${name} must be an address, or a command after --`);
  // Who writes http:// here means a server of this machine or network.
  return { url: target, ...(/^http:/i.test(target) && { allowPrivate: true }) };
}
