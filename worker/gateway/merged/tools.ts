import type { JsonObject } from "holdfast";
import { type ToolOrigin, toolNames } from "holdfast/agent";
import { unknownTool } from "../../../front/messages.ts";
import { invalidParams } from "../../../front/rpc-error.ts";
import { RecentMap } from "../../recent-map.ts";
import type { Caller } from "../caller.ts";
import { COMPANION_NAMES } from "../companions.ts";
import { connectNote } from "../connect-note.ts";
import { lastListOf, listOf } from "../endpoint-requests.ts";
import { TOOLS } from "../lists.ts";
import type { CalledTool } from "../tools.ts";
import { answersOf } from "./answers.ts";

/** How long the names of a principal's tools are used without asking its directory for them, in ms. */
const NAMES_MS = 10_000;
/** For how many principals, the latest. */
const MOST_NAMED = 1_000;

interface Named {
  readonly until: number;
  /** By the names that are shown. */
  readonly tools: ReadonlyMap<string, ToolOrigin>;
}

/** In this isolate. */
const named = new RecentMap<string, Named>(MOST_NAMED);

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
  // A name may be another tool's from now on.
  named.delete(ownerOf(caller));
  return answers.flatMap(({ endpoint, answer }) =>
    answer.map((tool) => ({
      ...tool,
      name: names.get(keyOf({ endpoint: endpoint.name, tool: String(tool.name) })) ?? String(tool.name),
    })),
  );
}

/** The tool that is shown under a name. Throws an RpcError for a name that no tool has. */
export async function toolOfMerged(caller: Caller, shown: string): Promise<CalledTool> {
  const found = toolShownAs(caller, await namedTools(caller), shown);
  if (found) return found;
  // Nobody has listed the tools yet, or the tool is new.
  await mergedTools(caller);
  const tool = toolShownAs(caller, await namedTools(caller), shown);
  if (!tool) {
    // It may be of a server that lists nothing before the person has connected it.
    const note = await connectNote(caller);
    throw invalidParams(note === undefined ? unknownTool(shown) : `${unknownTool(shown)}. ${note}`);
  }
  return tool;
}

/** As they were named at most {@link NAMES_MS} ago. */
async function namedTools(caller: Caller): Promise<Named["tools"]> {
  const owner = ownerOf(caller);
  const recent = named.get(owner);
  if (recent && Date.now() < recent.until) return recent.tools;
  const known = await knownTools(caller, {});
  const names = shownNames(known);
  const tools = new Map(known.map((origin) => [names.get(keyOf(origin)) ?? origin.tool, origin]));
  named.set(owner, { until: Date.now() + NAMES_MS, tools });
  return tools;
}

function ownerOf({ principal, endpoints }: Caller): string {
  return JSON.stringify([principal, ...endpoints.map(({ name }) => name)]);
}

function toolShownAs(caller: Caller, tools: Named["tools"], shown: string): CalledTool | undefined {
  const origin = tools.get(shown);
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
