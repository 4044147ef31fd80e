import { isObject, type JsonObject } from "../../src/protocol/json.ts";

/** How an entry starts Holdfast. */
const NPX = ["-y", "holdfast"] as const;
/** Names of the environment variables that hold the headers of a wrapped entry: arguments can be read by every process. */
const HEADER_VARIABLE = "HOLDFAST_HEADER_";

/** What is to be done with one entry of a configuration. */
export type EntryChange =
  | { readonly kind: "change"; readonly fields: readonly FieldChange[] }
  | { readonly kind: "leave"; readonly why: string };

/** A field and its new value; undefined removes it. */
export interface FieldChange {
  readonly name: string;
  readonly value: unknown;
}

/** The change by which an entry runs behind Holdfast. Fields that are not named stay as they are. */
export function wrapped(entry: unknown): EntryChange {
  if (!isObject(entry)) return leave("it is not an object");
  if (isWrapped(entry)) return leave("it runs behind Holdfast already");
  const { command, args = [], url, type } = entry;
  if (typeof command === "string" && areTexts(args)) {
    return change({ command: "npx", args: [...NPX, "--", command, ...args] });
  }
  if (typeof url !== "string") return leave("it has neither a command nor a url");
  if (type === "sse" || entry.transport === "sse")
    return leave("it uses the transport HTTP+SSE, which Holdfast does not speak");
  if (!/^https?:\/\//i.test(url)) return leave("its address is not http or https");
  if (/\$\{input:/.test(JSON.stringify(entry)))
    return leave("it asks for an input, which only the agent can");
  const headers = isObject(entry.headers) ? Object.entries(entry.headers) : [];
  const variables = headers.map(([name, value], index) => ({
    name,
    value: String(value),
    variable: `${HEADER_VARIABLE}${index + 1}`,
  }));
  return change({
    ...(type !== undefined && { type: "stdio" }),
    url: undefined,
    headers: undefined,
    command: "npx",
    args: [
      ...NPX,
      url,
      ...variables.flatMap(({ name, variable }) => ["--header", `${name}: \${${variable}}`]),
    ],
    ...(variables.length > 0 && {
      env: {
        ...(isObject(entry.env) && entry.env),
        ...Object.fromEntries(variables.map(({ variable, value }) => [variable, value])),
      },
    }),
  });
}

/** The change that takes Holdfast out of an entry again. */
export function unwrapped(entry: unknown): EntryChange {
  if (!isObject(entry) || !isWrapped(entry)) return leave("it does not run behind Holdfast");
  const args = entry.args as readonly string[];
  const own = args.slice(args.findIndex(isHoldfast) + 1);
  const end = own.indexOf("--");
  if (end !== -1) {
    const [command, ...rest] = own.slice(end + 1);
    return command === undefined ? leave("its command is missing") : change({ command, args: rest });
  }
  const url = own.find((arg) => /^https?:\/\//i.test(arg));
  if (url === undefined) return leave("it is not an entry that wrap makes");
  const env = isObject(entry.env) ? entry.env : {};
  const headers = own.flatMap((arg, index) => {
    const header = own[index - 1] === "--header" ? /^([^:]+):\s*(.*)$/s.exec(arg) : null;
    return header
      ? [
          [
            header[1] ?? "",
            (header[2] ?? "").replace(/^\$\{(\w+)\}$/, (whole, name: string) => String(env[name] ?? whole)),
          ],
        ]
      : [];
  });
  const rest = Object.entries(env).filter(([name]) => !name.startsWith(HEADER_VARIABLE));
  return change({
    ...(entry.type !== undefined && { type: "http" }),
    command: undefined,
    args: undefined,
    env: rest.length > 0 ? Object.fromEntries(rest) : undefined,
    url,
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
  });
}

/** Whether an entry starts Holdfast, by npx or by its own path. */
export function isWrapped({ command, args }: JsonObject): boolean {
  if (typeof command !== "string") return false;
  const list = areTexts(args) ? args : [];
  if (isHoldfast(command)) return true;
  const end = list.indexOf("--");
  const before = end === -1 ? list : list.slice(0, end);
  const runner = /(^|[/\\])(npx|bunx|pnpm|node|bun)(\.cmd|\.exe)?$/i.test(command);
  return runner && before.some(isHoldfast);
}

/** The package by its name, its program or its tarball. */
function isHoldfast(word: string): boolean {
  return /(^|[/\\:])holdfast(\.c?js|\.cmd|@[\w.-]+|-\d[\w.-]*\.tgz)?$/i.test(word);
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function change(fields: JsonObject): EntryChange {
  return { kind: "change", fields: Object.entries(fields).map(([name, value]) => ({ name, value })) };
}

function leave(why: string): EntryChange {
  return { kind: "leave", why };
}
