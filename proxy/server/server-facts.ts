import { allInstructions } from "../../front/instructions.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { type Generation, traitsOf } from "../../src/protocol/registry.ts";
import { TASKS_EXTENSION } from "../../src/protocol/session.ts";
import { VERSION } from "../../src/version.ts";
import type { Link } from "../upstream/link.ts";

export interface NamedLink {
  readonly name: string;
  readonly link: Link;
}

/** The capabilities of all servers together, and tasks. */
export function capabilitiesOf(links: readonly NamedLink[], generation: Generation): JsonObject {
  const all: JsonObject = {};
  for (const { link } of links) merge(all, link.session.serverCapabilities);
  const { tasks: _servers, extensions, tools, ...rest } = all;
  const { [TASKS_EXTENSION]: _tasks, ...others } = isObject(extensions) ? extensions : {};
  const own = { ...rest, tools: { ...(isObject(tools) && tools), listChanged: true } };
  if (!traitsOf(generation).sessions) return { ...own, extensions: { ...others, [TASKS_EXTENSION]: {} } };
  return {
    ...own,
    ...(Object.keys(others).length > 0 && { extensions: others }),
    tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  };
}

/** One server's own name and version; of several, Holdfast's. */
export function serverInfoOf(links: readonly NamedLink[], several: boolean): JsonObject {
  const [first] = links;
  if (!several && first?.link.session.serverInfo) return first.link.session.serverInfo;
  return { name: "holdfast", title: "Holdfast", version: VERSION };
}

/** What the servers want a model to know about them. */
export function instructionsOf(links: readonly NamedLink[], several: boolean): string | undefined {
  const said = links.map(({ name, link }) => ({ name, instructions: link.session.instructions }));
  return allInstructions(said, several);
}

function merge(into: Record<string, unknown>, from: JsonObject): void {
  for (const [key, value] of Object.entries(from)) {
    // Assigned, it would be the prototype of the whole.
    if (key === "__proto__") continue;
    const known = into[key];
    if (isObject(known) && isObject(value)) {
      const merged = { ...known };
      merge(merged, value);
      into[key] = merged;
    } else into[key] = value;
  }
}
