import type { JsonObject } from "holdfast";
import { toolNames } from "holdfast/agent";
import { isObject } from "../../../front/client-capabilities.ts";
import { METHOD_UNKNOWN, UNKNOWN_RESOURCE, unknownPrompt } from "../../../front/messages.ts";
import { invalidParams, METHOD_NOT_FOUND, RpcError } from "../../../front/rpc-error.ts";
import type { ListMethod } from "../../../front/whole-list.ts";
import type { Caller, CallerEndpoint } from "../caller.ts";
import { askEndpoint, lastListOf, listOf } from "../endpoint-requests.ts";
import { pageOf } from "../list-page.ts";
import { LISTS, PROMPTS, RESOURCES, TEMPLATES, TOOLS } from "../lists.ts";
import { answersOf } from "./answers.ts";
import { mergedTools } from "./tools.ts";

/** An entry of a merged list: whose it is, and what its server calls it. */
interface Entry {
  readonly endpoint: CallerEndpoint;
  readonly entry: JsonObject;
  /** The server's own key: a prompt's name, a URI, a template. */
  readonly key: string;
  readonly shown: string;
}

/** Answers a request that only reads: a page of a list with all servers' entries, anything else by the server it is about. */
export async function askMerged(caller: Caller, method: string, params: JsonObject): Promise<JsonObject> {
  const list = LISTS.find((known) => known.method === method);
  if (list) return pageOf(list, await mergedList(caller, list), params.cursor);
  switch (method) {
    case "resources/read":
      return askEndpoint(await serverOfUri(caller, params.uri), method, params);
    case "prompts/get": {
      const { endpoint, key } = await prompt(caller, params.name);
      return askEndpoint(endpoint, method, { ...params, name: key });
    }
    case "completion/complete":
      return complete(caller, params);
    default:
      throw new RpcError({ code: METHOD_NOT_FOUND, message: METHOD_UNKNOWN });
  }
}

/** The whole list, with the names that clients are shown. */
export async function mergedList(caller: Caller, list: ListMethod): Promise<readonly JsonObject[]> {
  if (list === TOOLS) return mergedTools(caller);
  return (await entriesOf(caller, list)).map(({ entry, shown }) => ({ ...entry, [list.key]: shown }));
}

async function complete(caller: Caller, params: JsonObject): Promise<JsonObject> {
  const { ref } = params;
  const { type, name, uri } = isObject(ref) ? ref : {};
  if (type === "ref/resource")
    return askEndpoint(await serverOfUri(caller, uri), "completion/complete", params);
  const { endpoint, key } = await prompt(caller, name);
  return askEndpoint(endpoint, "completion/complete", { ...params, ref: { type: "ref/prompt", name: key } });
}

async function prompt(caller: Caller, shown: unknown): Promise<Entry> {
  const found = (await entriesOf(caller, PROMPTS)).find((entry) => entry.shown === shown);
  if (!found) throw invalidParams(unknownPrompt(String(shown)));
  return found;
}

/** The first server that lists a resource of this URI, else one whose template makes it, or is it. */
async function serverOfUri(caller: Caller, uri: unknown): Promise<CallerEndpoint> {
  const [resources, templates] = await Promise.all([
    entriesOf(caller, RESOURCES),
    entriesOf(caller, TEMPLATES),
  ]);
  const found =
    resources.find(({ key }) => key === uri) ??
    templates.find(({ key }) => key === uri || (typeof uri === "string" && makes(key, uri)));
  if (!found) throw invalidParams(UNKNOWN_RESOURCE);
  return found.endpoint;
}

/** Whether a URI may be made by a template (RFC 6570): its literal parts are there, in order. Linear in the URI's length. */
function makes(template: string, uri: string): boolean {
  const literals = template.split(/\{[^{}]*\}/);
  const [first = "", ...rest] = literals;
  const last = rest.pop();
  if (last === undefined || !uri.startsWith(first) || !uri.endsWith(last)) return false;
  let from = first.length;
  for (const literal of rest) {
    const at = uri.indexOf(literal, from);
    if (at < 0) return false;
    from = at + literal.length;
  }
  return from <= uri.length - last.length;
}

/** A server that has no such list answers with an error, and is left out. Of one URI, the first server's entry counts. */
async function entriesOf(caller: Caller, list: ListMethod): Promise<readonly Entry[]> {
  const answers = await answersOf(
    caller,
    (endpoint) =>
      listOf(endpoint, list).catch((error: unknown) => {
        if (error instanceof RpcError && error.code === METHOD_NOT_FOUND) return [];
        throw error;
      }),
    (endpoint) => lastListOf(endpoint, list),
  );
  const entries = answers.flatMap(({ endpoint, answer }) =>
    answer.map((entry) => ({
      endpoint,
      entry,
      key: String(entry[list.key]),
      shown: String(entry[list.key]),
    })),
  );
  if (list === PROMPTS) {
    const origins = entries.map(({ endpoint, key }) => ({ endpoint: endpoint.name, tool: key }));
    const names = toolNames(origins, "when-needed", []);
    return entries.map((entry, index) => ({ ...entry, shown: names[index] ?? entry.shown }));
  }
  const firsts = new Map(entries.toReversed().map((entry) => [entry.key, entry]));
  return entries.filter((entry) => firsts.get(entry.key) === entry);
}
