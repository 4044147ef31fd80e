import { applyEdits, type FormattingOptions, modify } from "jsonc-parser";
import { isObject } from "../../src/protocol/json.ts";
import { parsed } from "../configuration/config-file.ts";
import { ConfigurationError } from "../configuration/variables.ts";
import { type EntryChange, isWrapped, unwrapped, wrapped } from "./wrapped-entry.ts";

/** The keys under which agents keep their servers. */
const KEYS = ["mcpServers", "servers"] as const;

export interface Rewritten {
  readonly text: string;
  readonly changed: readonly string[];
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

/**
 * An agent's configuration with each server behind Holdfast, or not any more. Comments, the order of the keys and what is
 * not known stay. Throws a ConfigurationError for a file that is not valid or has no servers.
 * @param only The servers to change; all if empty.
 */
export function rewritten(text: string, file: string, undo: boolean, only: readonly string[]): Rewritten {
  const root = parsed(text, file);
  const key = isObject(root) ? KEYS.find((known) => isObject(root[known])) : undefined;
  const servers = key && isObject(root) ? root[key] : undefined;
  if (!key || !isObject(servers)) throw new ConfigurationError(`${file} has no "mcpServers" object`);
  const missing = only.filter((name) => servers[name] === undefined);
  if (missing.length > 0) throw new ConfigurationError(`${file} has no server ${missing.join(", ")}`);
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const formattingOptions = formattingOf(text);
  let now = text.slice(mark.length);
  const changed: string[] = [];
  const left: { name: string; why: string }[] = [];
  for (const [name, entry] of Object.entries(servers)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const result: EntryChange = undo ? unwrapped(entry) : wrapped(entry);
    if (result.kind === "leave") {
      left.push({ name, why: result.why });
      continue;
    }
    for (const field of result.fields) {
      if (field.value === undefined && isObject(entry) && entry[field.name] === undefined) continue;
      now = applyEdits(now, modify(now, [key, name, field.name], field.value, { formattingOptions }));
    }
    changed.push(name);
  }
  const after = parsed(now, file);
  const written = isObject(after) && isObject(after[key]) ? after[key] : {};
  const unlike = changed.filter((name) => isObject(written[name]) && isWrapped(written[name]) === undo);
  // Agents read the last of two entries with one name, and an edit reaches the first.
  if (unlike.length > 0)
    throw new ConfigurationError(`${file} has ${unlike.join(", ")} twice: remove one of the two`);
  return { text: mark + now, changed, left };
}

/** The file's own indentation and line ends. */
function formattingOf(text: string): FormattingOptions {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
  return {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.startsWith("\t") ? 1 : indent.length,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
}
