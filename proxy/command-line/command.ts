import { keyNameOf, readConfigFile, readPairsFile, remoteServer } from "../configuration/config-file.ts";
import {
  type Configuration,
  localServer,
  nameOfUrl,
  ofOne,
  type ServerSpec,
} from "../configuration/server-spec.ts";
import { ConfigurationError, expanded } from "../configuration/variables.ts";
import { HELP } from "./help.ts";
import { words } from "./words.ts";

/** What the user asked the command to do. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  /** Its own module reads the arguments, since only `dist/serve` knows the options. */
  | { readonly kind: "serve"; readonly args: readonly string[] }
  | { readonly kind: "proxy"; readonly configuration: Configuration; readonly options: ProxyOptions }
  | {
      readonly kind: "wrap";
      readonly undo: boolean;
      readonly target: string;
      readonly yes: boolean;
      readonly only: readonly string[];
    }
  | {
      readonly kind: "tasks";
      readonly action: "list" | "show" | "cancel" | "answer" | "forget";
      readonly args: readonly string[];
      readonly json: boolean;
      readonly all: boolean;
    };

export interface ProxyOptions {
  /** How long a tool call may take before the model gets a running result, in ms. */
  readonly budgetMs: number;
  readonly verbose: boolean;
}

const DEFAULT_BUDGET_S = 45;
const ACTIONS = ["list", "show", "cancel", "answer", "forget"] as const;

/** Reads the arguments after the command's own name. Throws a ConfigurationError that says what is wrong. */
export function readCommand(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Command {
  const [first] = argv;
  // An agent that starts the command without arguments takes stdout for the protocol: the help would not be read there.
  if (first === undefined) throw new ConfigurationError(`Nothing to run was given\n\n${HELP}`);
  if (first === "--help" || first === "-h" || first === "help") return { kind: "help" };
  if (first === "--version" || first === "-v") return { kind: "version" };
  if (first === "serve") return { kind: "serve", args: argv.slice(1) };
  if (first === "wrap" || first === "unwrap") return readWrap(first === "unwrap", argv.slice(1));
  if (first === "tasks") return readTasks(argv.slice(1));
  return readProxy(argv, env);
}

function readProxy(argv: readonly string[], env: NodeJS.ProcessEnv): Command {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const command = end === -1 ? [] : argv.slice(end + 1);
  let budgetS = DEFAULT_BUDGET_S;
  let verbose = false;
  const files: string[] = [];
  let name: string | undefined;
  const urls: string[] = [];
  const lines: string[] = [];
  let pairs: string | undefined;
  let keyName: string | undefined;
  const headers: Record<string, string> = {};
  const rest = [...own];
  const value = (flag: string): string => {
    const next = rest.shift();
    if (next === undefined) throw new ConfigurationError(`${flag} needs a value`);
    return next;
  };
  for (let flag = rest.shift(); flag !== undefined; flag = rest.shift()) {
    if (asksForHelp(flag)) return { kind: "help" };
    if (flag === "--verbose") verbose = true;
    else if (flag === "--budget") budgetS = readBudget(value(flag));
    else if (flag === "--config") files.push(value(flag));
    else if (flag === "--name") name = value(flag);
    else if (flag === "--pairs") pairs = value(flag);
    else if (flag === "--idempotency-key") keyName = value(flag);
    else if (flag === "--target") lines.push(expanded(value(flag), env));
    else if (flag === "--header") Object.assign(headers, readHeader(value(flag), env));
    else if (isAddress(flag)) urls.push(flag);
    else throw new ConfigurationError(unknown(flag));
  }
  const sources = files.length + urls.length + lines.length + (command.length > 0 ? 1 : 0);
  if (sources !== 1)
    throw new ConfigurationError(
      `Give one thing to run: -- <command>, an address, or --config <file>. ${sources === 0 ? "None" : "More than one"} was given`,
    );
  const [file] = files;
  const [url] = urls;
  const [line] = lines;
  if (Object.keys(headers).length > 0 && url === undefined && !/^https?:/i.test(line ?? ""))
    throw new ConfigurationError(
      "--header belongs to an address, and none was given. A local server gets its secrets by its environment",
    );
  const options: ProxyOptions = { budgetMs: Math.round(budgetS * 1000), verbose };
  if (file !== undefined && pairs !== undefined)
    throw new ConfigurationError("--pairs belongs to one server: write the pairs into its entry of the file");
  if (file !== undefined && keyName !== undefined)
    throw new ConfigurationError(
      "--idempotency-key belongs to one server: write idempotencyKey into its entry of the file",
    );
  const proxyOf = (server: ServerSpec): Command => {
    const described: ServerSpec = {
      ...server,
      ...(pairs !== undefined && { pairs: readPairsFile(pairs) }),
      ...(keyName !== undefined && { idempotencyKey: keyNameOf(keyName, "the server") }),
    };
    return { kind: "proxy", configuration: ofOne(described), options };
  };
  if (file !== undefined) return { kind: "proxy", configuration: readConfigFile(file, env), options };
  const target = line === undefined ? command : words(line);
  const [first = ""] = target;
  const address = url ?? (line !== undefined && target.length === 1 && isAddress(first) ? first : undefined);
  if (address !== undefined) {
    const authorization = line !== undefined && filled(env.HOLDFAST_AUTHORIZATION);
    const all = { ...(authorization && { Authorization: authorization }), ...headers };
    const remote = remoteServer(name ?? "the server", address, all);
    return proxyOf({ ...remote, name: name ?? nameOfUrl(address) });
  }
  // Only in a line, which can come from a form, do variables come first.
  return proxyOf(localServer(target, { name, variables: line !== undefined }));
}

function asksForHelp(flag: string): boolean {
  return flag === "--help" || flag === "-h";
}

function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** A setting that the user has filled in: an agent may leave the name of an empty one as it is. */
function filled(value: string | undefined): string | undefined {
  return value && !value.startsWith("${") ? value : undefined;
}

function readBudget(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.1 && seconds <= 3_600))
    throw new ConfigurationError("--budget must be a number of seconds from 0.1 to 3600");
  return seconds;
}

function readHeader(text: string, env: NodeJS.ProcessEnv): Record<string, string> {
  const at = text.indexOf(":");
  const name = text.slice(0, Math.max(0, at)).trim();
  // The text itself may be a secret, so that the message does not repeat it.
  if (!/^[!#$%&'*+\-.^`|~\w]+$/.test(name))
    throw new ConfigurationError('A header must be given as "name: value"');
  return { [name]: expanded(text.slice(at + 1).trim(), env) };
}

function unknown(flag: string): string {
  if (flag.startsWith("-")) return `Unknown option ${flag}: see holdfast --help`;
  if (/^\w{2,}:/.test(flag))
    return `${flag} is not an address that can be served: it must begin with https:// or http://`;
  return `Unknown command ${JSON.stringify(flag)}: there are serve, wrap, unwrap and tasks. To run a server's command, write it after --`;
}

function readWrap(undo: boolean, argv: readonly string[]): Command {
  let yes = false;
  const only: string[] = [];
  const targets: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at] ?? "";
    if (asksForHelp(arg)) return { kind: "help" };
    if (arg === "--yes" || arg === "-y") yes = true;
    else if (arg === "--only") only.push(...namesIn(argv[++at] ?? ""));
    else if (arg.startsWith("-")) throw new ConfigurationError(unknown(arg));
    else targets.push(arg);
  }
  const [target] = targets;
  if (target === undefined || targets.length > 1)
    throw new ConfigurationError(
      "Give one agent (claude-desktop, cursor, …) or the path of its configuration",
    );
  return { kind: "wrap", undo, target, yes, only };
}

/** The names after `--only`. Throws a ConfigurationError for none, which would otherwise mean every server. */
function namesIn(list: string): readonly string[] {
  const names = list
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length > 0) return names;
  throw new ConfigurationError("--only needs the names of servers, such as --only papers,files");
}

function readTasks(argv: readonly string[]): Command {
  // What follows the task of an answer is its key and the answer, however they begin.
  const words = argv.slice(0, argv[0] === "answer" ? 1 : argv.length);
  if (words.some(asksForHelp)) return { kind: "help" };
  const unread = words.find((word) => word.startsWith("-") && word !== "--json" && word !== "--all");
  if (unread !== undefined) throw new ConfigurationError(unknown(unread));
  const flags: readonly string[] = argv.filter((arg) => arg === "--json" || arg === "--all");
  const [named = "list", ...args] = argv.filter((arg) => !flags.includes(arg));
  const action = ACTIONS.find((known) => known === named);
  if (!action)
    throw new ConfigurationError(`Unknown command: tasks ${named}. There are ${ACTIONS.join(", ")}`);
  const wanted = { list: 0, show: 1, cancel: 1, answer: 3, forget: 1 }[action];
  // Every id begins with the empty text: it would name the only task there is.
  if (args.length !== wanted || args[0] === "")
    throw new ConfigurationError(
      action === "answer"
        ? "tasks answer needs a task, a key and the answer as JSON"
        : `tasks ${action} ${wanted === 0 ? "takes no argument" : "needs one task: its id, or the beginning of it, as holdfast tasks lists it"}`,
    );
  return { kind: "tasks", action, args, json: flags.includes("--json"), all: flags.includes("--all") };
}
