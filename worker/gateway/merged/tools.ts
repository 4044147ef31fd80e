import type { JsonObject } from "holdfast";
import { type ToolOrigin, toolNames } from "holdfast/agent";
import { unknownTool } from "../../../front/messages.ts";
import { invalidParams } from "../../../front/rpc-error.ts";
import type { Caller } from "../caller.ts";
import { COMPANION_NAMES } from "../companions.ts";
import { connectNote } from "../connect-note.ts";
import { lastListOf, listOf } from "../endpoint-requests.ts";
import { TOOLS } from "../lists.ts";
import type { CalledTool } from "../tools.ts";
import { answersOf } from "./answers.ts";

/**
 * The tools of all endpoints. Two that have one name get their endpoints' before it, and so for as long as both are known:
 * a server that cannot be reached must not give its tool's name to another one's.
 */
export async function mergedTools(caller: Caller): Promise<readonly JsonObject[]> {
  const answers = await answersOf(
    caller,
    (endpoint) => listOf(endpoint, TOOLS),
    (endpoint) => lastListOf(endpoint, TOOLS),
  );
  const listed = Object.fromEntries(
    answers.map(({ endpoint, answer }) => [endpoint.name, answer.map(({ name }) => String(name))]),
  );
  const names = shownNames(await knownTools(caller, listed));
  return answers.flatMap(({ endpoint, answer }) =>
    answer.map((tool) => ({
      ...tool,
      name: names.get(keyOf({ endpoint: endpoint.name, tool: String(tool.name) })) ?? String(tool.name),
    })),
  );
}

/** The tool that is shown under a name. Throws an RpcError for a name that no tool has. */
export async function toolOfMerged(caller: Caller, shown: string): Promise<CalledTool> {
  const known = await knownTools(caller, {});
  const found = toolShownAs(caller, known, shown);
  if (found) return found;
  // Nobody has listed the tools yet, or the tool is new.
  await mergedTools(caller);
  const tool = toolShownAs(caller, await knownTools(caller, {}), shown);
  if (!tool) {
    // It may be of a server that lists nothing before the person has connected it.
    const note = await connectNote(caller);
    throw invalidParams(note === undefined ? unknownTool(shown) : `${unknownTool(shown)}. ${note}`);
  }
  return tool;
}

function toolShownAs(caller: Caller, known: readonly ToolOrigin[], shown: string): CalledTool | undefined {
  const names = shownNames(known);
  const origin = known.find((candidate) => names.get(keyOf(candidate)) === shown);
  const at = origin && caller.endpoint(origin.endpoint);
  return at && { at, tool: origin.tool };
}

/** Every tool that an endpoint of the caller listed when it was last asked. */
async function knownTools(
  { objects, endpoints }: Caller,
  listed: Readonly<Record<string, readonly string[]>>,
): Promise<readonly ToolOrigin[]> {
  const known = await objects.directory.knownTools(listed);
  return endpoints.flatMap(({ name: endpoint }) =>
    (known[endpoint] ?? []).map((tool) => ({ endpoint, tool })),
  );
}

function shownNames(known: readonly ToolOrigin[]): ReadonlyMap<string, string> {
  const names = toolNames(known, "when-needed", COMPANION_NAMES);
  return new Map(known.map((origin, index) => [keyOf(origin), names[index] ?? origin.tool]));
}

function keyOf({ endpoint, tool }: ToolOrigin): string {
  return JSON.stringify([endpoint, tool]);
}
