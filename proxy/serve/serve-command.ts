import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { join } from "node:path";
import { isObject } from "../../src/protocol/json.ts";
import { ConfigurationError } from "../configuration/variables.ts";
import { type Log, logTo } from "../log.ts";
import { Restarts } from "../upstream/restarts.ts";
import { LocalServers } from "./local-servers.ts";
import { SERVE_HELP, type ServeOptions, serveOptions } from "./serve-options.ts";
import { LOCAL_SERVERS, type ServedEndpoints, servedEndpoints } from "./served-endpoints.ts";
import { StateFolder, sha256 } from "./state-folder.ts";
import { variableOf, workerdConfig } from "./workerd-config.ts";
import { orphanEnded, WorkerdProcess, workerdProgram } from "./workerd-process.ts";

/** The principal of the token. */
const OWNER = "owner";
/** After so long in ms the process ends, whatever is still open. */
const END_MS = 8_000;
/** How long after its reply the worker's own words are waited for, and how often they are looked for, in ms. */
const SAID_MS = 2_000;
const SAID_LOOK_MS = 20;
/** Vars of the worker that may be set here, each by `HOLDFAST_` and its name. */
const VARS = [
  "CORS_ORIGINS",
  "GATEWAY",
  "JWT",
  "LIMITS",
  "METRICS_TOKEN",
  "OAUTH",
  "WEBHOOK_PRIVATE",
  "WEBHOOK_SECRET",
  "DEMO",
] as const;

/** Runs the gateway until a signal ends the process. Resolves with the exit code. */
export async function serve(args: readonly string[]): Promise<number> {
  let state: StateFolder | undefined;
  try {
    const options = serveOptions(args);
    if (!options) {
      process.stdout.write(SERVE_HELP);
      return 0;
    }
    const program = workerdProgram();
    const served = servedEndpoints(options.config, options.endpoints, options.pairs, process.env);
    state = await StateFolder.open(options.state);
    await orphanEnded(state);
    return await run(program, options, served, state);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`holdfast: ${error.message}\n`);
    return 2;
  } finally {
    state?.release();
  }
}

async function run(
  program: string,
  options: ServeOptions,
  served: ServedEndpoints,
  state: StateFolder,
): Promise<number> {
  const log = logTo((text) => process.stderr.write(text), options.verbose);
  const signalled = new Promise<undefined>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => {
        setTimeout(() => process.exit(1), END_MS).unref();
        resolve(undefined);
      });
  });
  const secrets = state.secrets(givenToken(), options.newToken);
  const probe = randomBytes(24).toString("base64url");
  const vars = varsOf(served, [secrets.tokenSha256, sha256(probe)], secrets.consentSecret);
  const local = new LocalServers(served.local, state, log);
  let workerd: WorkerdProcess | undefined;
  process.once("exit", () => {
    workerd?.kill();
    local.kill();
  });
  try {
    await local.start();
    const restarts = new Restarts();
    let { port } = options;
    for (let isReady = false; ; ) {
      const said: string[] = [];
      restarts.started(Date.now());
      workerd = new WorkerdProcess({
        program,
        config: workerdConfig({
          address: `${hostOf(options)}:${port}`,
          vars: Object.keys(vars),
          isPrivateReachable:
            vars.WEBHOOK_PRIVATE === "true" ||
            /"allowPrivate": *true/.test(JSON.stringify(vars).replaceAll("\\", "")),
          local: { binding: LOCAL_SERVERS, path: local.path },
          storage: join(state.path, "storage"),
          console: join(__dirname, "console"),
        }),
        modules: __dirname,
        state,
        env: Object.fromEntries(Object.entries(vars).map(([name, value]) => [variableOf(name), value])),
        said: (line) => {
          // What it says before it serves explains why it does not.
          if (isReady) report(log, line);
          else said.push(line);
        },
      });
      const listening = await Promise.race([workerd.port, signalled]);
      if (listening !== undefined && !isReady) {
        port = listening;
        await checked(options, port, probe, said);
        isReady = true;
        for (const line of said) report(log, line);
        process.stdout.write(welcome(options, served, port, secrets.token));
      }
      if (!isReady && (await Promise.race([workerd.ended, signalled])))
        throw new ConfigurationError(startFailure(options, said));
      const end = await Promise.race([workerd.ended, signalled]);
      if (!end) return 0;
      restarts.ended(Date.now());
      log.info(`workerd ended (${end.signal ?? `code ${end.code}`}), and is started again`);
      const waited = new Promise<true>((resolve) => setTimeout(resolve, restarts.backoffMs, true));
      if (!(await Promise.race([waited, signalled]))) return 0;
    }
  } finally {
    await workerd?.end();
    await local.close();
  }
}

/** Names what the worker is bound to by its own names, which are those of wrangler.toml and the runbook. */
function varsOf(
  { endpoints, variables }: ServedEndpoints,
  tokens: readonly string[],
  consentSecret: string,
): Readonly<Record<string, string>> {
  const set = (names: readonly string[], prefix: string): Record<string, string> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = process.env[prefix + name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
  return {
    ...set(variables, ""),
    ...set(VARS, "HOLDFAST_"),
    ENDPOINTS: JSON.stringify(endpoints),
    TOKENS: JSON.stringify(tokens.map((hash) => ({ principal: OWNER, sha256: hash }))),
    CONSENT_SECRET: consentSecret,
  };
}

/** Throws a ConfigurationError for a token that could be guessed, or not be sent. */
function givenToken(): string | undefined {
  const { HOLDFAST_TOKEN: token } = process.env;
  if (token === undefined || /^[A-Za-z0-9\-._~+/]{20,256}$/.test(token)) return token;
  throw new ConfigurationError("HOLDFAST_TOKEN must be 20 to 256 of A-Z a-z 0-9 - . _ ~ + /");
}

/** Requests that between them have the worker read all its vars. */
const CHECKS: readonly (readonly [path: string, body?: string])[] = [
  ["/v1/endpoints"],
  ["/v1/usage"],
  ["/mcp", '{"jsonrpc":"2.0","id":1,"method":"ping"}'],
];

/** Lets the worker read its configuration. Throws a ConfigurationError with what it says of it. */
async function checked(
  options: ServeOptions,
  port: number,
  token: string,
  said: readonly string[],
): Promise<void> {
  for (const [path, body] of CHECKS) {
    const status = await statusOf(`http://${reachedAt(options)}:${port}${path}`, token, body);
    if (status === 200) continue;
    const reason = await configurationErrorIn(said);
    // Here a var has another name than in wrangler.toml.
    const [name = ""] = /^\w+/.exec(reason ?? "") ?? [];
    const isOurs = VARS.some((known) => known === name);
    throw new ConfigurationError(
      reason
        ? `${isOurs ? "HOLDFAST_" : ""}${reason}`
        : `The worker answers ${status} to ${path}: ${said.at(-1) ?? "it said nothing"}`,
    );
  }
}

/** The status of the worker's reply to a GET, or to a POST of a JSON-RPC message. */
function statusOf(url: string, token: string, body: string | undefined): Promise<number | undefined> {
  const posts = body !== undefined && {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const init = { method: posts ? "POST" : "GET", headers: { authorization: `Bearer ${token}`, ...posts } };
  return new Promise((resolve, reject) => {
    request(url, init, (reply) => reply.resume().once("end", () => resolve(reply.statusCode)))
      .once("error", reject)
      .end(body);
  });
}

/** What the worker prints may come after its reply: its words have another way. Resolves with undefined if none come. */
async function configurationErrorIn(said: readonly string[]): Promise<string | undefined> {
  for (let waitedMs = 0; ; waitedMs += SAID_LOOK_MS) {
    const [reason] = said.flatMap((line) => /ConfigurationError: (.*?)","/.exec(line)?.[1] ?? []);
    if (reason !== undefined || waitedMs > SAID_MS) return reason;
    await new Promise((resolve) => setTimeout(resolve, SAID_LOOK_MS));
  }
}

function startFailure({ host, port }: ServeOptions, said: readonly string[]): string {
  const text = said.join("\n");
  if (/already in use/i.test(text))
    return `The port ${port} of ${host} is in use: stop what listens there, or give another with --port`;
  return `workerd could not be started: ${said.find((line) => line.trim() !== "") ?? "it said nothing"}`;
}

function welcome(
  options: ServeOptions,
  { endpoints }: ServedEndpoints,
  port: number,
  token: string | undefined,
): string {
  const address = `http://${reachedAt(options)}:${port}`;
  const lines = [
    `Console   ${address}/`,
    `MCP       ${address}/mcp`,
    `API       ${address}/docs`,
    `Endpoints ${Object.keys(endpoints).join(", ") || "none: give one with --endpoint name=https://…"}`,
    `State     ${options.state}`,
  ];
  if (token !== undefined)
    lines.push(
      `Token     ${token}`,
      "",
      "The token is shown this once: clients send it as Authorization: Bearer <token>.",
    );
  if (!/^(127\.|localhost$|\[?::1)/.test(options.host))
    lines.push(
      "",
      `Warning: ${options.host} is not only this machine. The token crosses the network without encryption: put TLS in front.`,
    );
  return `${lines.join("\n")}\n`;
}

/** What the worker prints are lines of JSON. Those of failures are shown in any case. */
function report(log: Log, line: string): void {
  if (line.trim() === "") return;
  let event: unknown;
  try {
    const entry: unknown = JSON.parse(line);
    event = isObject(entry) ? entry.event : undefined;
  } catch {
    // workerd's own words.
  }
  if (typeof event === "string" && !/error|fail/.test(event)) log.detail(line);
  else log.info(line);
}

function hostOf({ host }: ServeOptions): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** Where this machine reaches it. */
function reachedAt(options: ServeOptions): string {
  const host = hostOf(options);
  return host === "0.0.0.0" ? "127.0.0.1" : host === "[::]" ? "[::1]" : host;
}
