import { join, resolve } from "node:path";
import { ConfigurationError } from "../configuration/variables.ts";
import { dataFolder } from "../store/data-folder.ts";

/** The text of `holdfast serve --help`. */
export const SERVE_HELP = `holdfast serve: the gateway on this machine, in workerd, without an account.

  holdfast serve --endpoint papers=https://papers.example/mcp
  holdfast serve --endpoint papers="-- npx -y papers-server"
  holdfast serve --config endpoints.json

  --endpoint name=<address>       a server behind the gateway; may be repeated
  --endpoint name="-- <command>"  a local server (stdio), which this command starts
  --config <file>   JSON as the worker's ENDPOINTS: { "papers": { "url": "https://…" } }
                    or { "papers": { "command": "npx", "args": ["…"], "env": {} } }
  --pairs name=<file>
                    the start/get pairs of tools of an endpoint without Tasks (docs/pairs.md)
  --state <folder>  where everything is stored (a folder of the system for data of applications)
  --port <port>     0 takes a free one (4653)
  --host <address>  where it listens (127.0.0.1)
  --new-token       makes another token, and forgets the one before
  --verbose         more on stderr

HOLDFAST_TOKEN is a token of your own. HOLDFAST_GATEWAY, HOLDFAST_LIMITS, … are the worker's other vars: see docs/runbook.md.
`;

export interface ServeOptions {
  readonly endpoints: readonly string[];
  readonly config?: string;
  /** Each `name=<file>`. */
  readonly pairs: readonly string[];
  /** The absolute path of the state folder. */
  readonly state: string;
  readonly host: string;
  readonly port: number;
  readonly newToken: boolean;
  readonly verbose: boolean;
}

/** Reads the arguments after `serve`. Returns undefined if they ask for help. Throws a ConfigurationError. */
export function serveOptions(args: readonly string[]): ServeOptions | undefined {
  const endpoints: string[] = [];
  const pairs: string[] = [];
  let config: string | undefined;
  let state = join(dataFolder(), "serve");
  let host = "127.0.0.1";
  let port = 4_653;
  let newToken = false;
  let verbose = false;
  const rest = [...args];
  const value = (flag: string): string => {
    const next = rest.shift();
    if (next === undefined) throw new ConfigurationError(`${flag} needs a value`);
    return next;
  };
  for (let flag = rest.shift(); flag !== undefined; flag = rest.shift()) {
    if (flag === "--help" || flag === "-h") return undefined;
    if (flag === "--endpoint") endpoints.push(value(flag));
    else if (flag === "--config") {
      if (config !== undefined) throw new ConfigurationError("--config is there twice: it takes one file");
      config = value(flag);
    } else if (flag === "--pairs") pairs.push(value(flag));
    else if (flag === "--state") state = value(flag);
    else if (flag === "--host") host = value(flag);
    else if (flag === "--port") port = portOf(value(flag));
    else if (flag === "--new-token") newToken = true;
    else if (flag === "--verbose") verbose = true;
    else throw new ConfigurationError(`Unknown option ${flag}: see holdfast serve --help`);
  }
  return {
    endpoints,
    pairs,
    ...(config !== undefined && { config }),
    state: resolve(state),
    host,
    port,
    newToken,
    verbose,
  };
}

function portOf(text: string): number {
  const port = Number(text);
  if (text !== "" && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ConfigurationError("--port must be a number from 0 to 65535");
}
