import { METHOD_UNKNOWN, UNKNOWN_RESOURCE, unknownPrompt, unknownTool } from "../../front/messages.ts";
import { readableEntries } from "../../front/readable-entry.ts";
import { invalidParams, METHOD_NOT_FOUND, RpcError } from "../../front/rpc-error.ts";
import { wholeList } from "../../front/whole-list.ts";
import { COMPANION_NAMES } from "../../src/agent/companion-names.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { isObject } from "../../src/protocol/json.ts";
import type { ListedTool } from "../../src/protocol/tool-facts.ts";
import type { Log } from "../log.ts";
import { reasonOf } from "../reason.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { type Origin, shownNames } from "./shown-names.ts";

/** A tool with the name that the agent sees. */
export interface ShownTool extends Origin {
  readonly shown: string;
  readonly tool: ListedTool;
}

/** The lists that a server may have beside its tools: what each is asked by, and where its entries are. */
const LISTS = {
  "resources/list": { field: "resources", key: "uri", capability: "resources" },
  "resources/templates/list": { field: "resourceTemplates", key: "uriTemplate", capability: "resources" },
  "prompts/list": { field: "prompts", key: "name", capability: "prompts" },
} as const;
type ListMethod = keyof typeof LISTS;

interface Entry {
  readonly upstream: Upstream;
  /** The server's own name or address of it. */
  readonly own: string;
  readonly entry: JsonObject;
}

/** The tools, resources and prompts of all servers under unique names, and the server of each. */
export class Catalog {
  readonly #upstreams: readonly Upstream[];
  readonly #toolsOf: (server: string) => Promise<readonly ListedTool[]>;
  readonly #log: Log;
  #tools: readonly ShownTool[] | undefined;

  constructor(
    upstreams: readonly Upstream[],
    toolsOf: (server: string) => Promise<readonly ListedTool[]>,
    log: Log,
  ) {
    this.#upstreams = upstreams;
    this.#toolsOf = toolsOf;
    this.#log = log;
  }

  get only(): Upstream | undefined {
    return this.#upstreams.length === 1 ? this.#upstreams[0] : undefined;
  }

  /** The tools of all servers that can be asked. Throws a RequestFailedError where the only one cannot. */
  async tools(): Promise<readonly ShownTool[]> {
    const lists = await this.#each(async ({ name }) =>
      (await this.#toolsOf(name)).map((tool) => ({ server: name, name: tool.name, tool })),
    );
    const tools = lists.flat();
    const names = shownNames(tools, COMPANION_NAMES);
    this.#tools = tools.map((tool, index) => ({ ...tool, shown: names[index] ?? tool.name }));
    return this.#tools;
  }

  /** A list has changed: names are made anew at the next use. */
  changed(): void {
    this.#tools = undefined;
  }

  /** The server and its own name of a tool that the agent calls. Throws an RpcError for an unknown one. */
  async tool(shown: string): Promise<Origin> {
    const { only } = this;
    // The name is the server's own, unless it was made for one that is called like a companion.
    if (only && !COMPANION_NAMES.some((name) => shown.endsWith(`_${name}`)))
      return { server: only.name, name: shown };
    const found = (this.#tools ?? (await this.tools())).find((tool) => tool.shown === shown);
    if (found) return found;
    if (only) return { server: only.name, name: shown };
    throw invalidParams(unknownTool(shown));
  }

  /** One of the other lists. With one server, its own page; with several, all pages of all. */
  async list(method: ListMethod, params: JsonObject, signal: AbortSignal): Promise<JsonObject> {
    const { only } = this;
    const { field, key } = LISTS[method];
    if (only) return readablePage(asResult(await only.request(method, params, signal)), field, key);
    return { [field]: (await this.#entries(method, signal)).map(({ entry }) => entry) };
  }

  /** Sends a request to the server of the tool, resource or prompt that it names. */
  async routed(method: string, params: JsonObject, signal: AbortSignal): Promise<JsonObject> {
    const { upstream, params: own } = await this.#route(method, params, signal);
    return asResult(await upstream.request(method, own, signal));
  }

  /** The server that has a resource. */
  async serverOf(uri: string, signal: AbortSignal): Promise<Upstream> {
    const { only } = this;
    if (only) return only;
    const listed = (await this.#entries("resources/list", signal)).find(({ entry }) => entry.uri === uri);
    if (listed) return listed.upstream;
    const templates = await this.#entries("resources/templates/list", signal);
    const fitting = templates.find(({ entry }) =>
      uri.startsWith(String(entry.uriTemplate).split("{", 1)[0] ?? ""),
    );
    const upstream =
      fitting?.upstream ?? this.#upstreams.find(({ link }) => link?.session.serverCapabilities.resources);
    if (upstream) return upstream;
    throw invalidParams(UNKNOWN_RESOURCE);
  }

  async #route(
    method: string,
    params: JsonObject,
    signal: AbortSignal,
  ): Promise<{ readonly upstream: Upstream; readonly params: JsonObject }> {
    const { only } = this;
    if (only) return { upstream: only, params };
    switch (method) {
      case "prompts/get":
        return this.#prompt(String(params.name), signal, (name) => ({ ...params, name }));
      case "completion/complete": {
        const ref = isObject(params.ref) ? params.ref : {};
        if (typeof ref.name === "string")
          return this.#prompt(ref.name, signal, (name) => ({ ...params, ref: { ...ref, name } }));
        const templates = await this.#entries("resources/templates/list", signal);
        const exact = templates.find(({ entry }) => entry.uriTemplate === ref.uri);
        return { upstream: exact?.upstream ?? (await this.serverOf(String(ref.uri), signal)), params };
      }
      case "resources/read":
      case "resources/subscribe":
      case "resources/unsubscribe":
        return { upstream: await this.serverOf(String(params.uri), signal), params };
      default:
        throw new RpcError({ code: METHOD_NOT_FOUND, message: METHOD_UNKNOWN });
    }
  }

  async #prompt(shown: string, signal: AbortSignal, named: (name: string) => JsonObject) {
    const found = (await this.#entries("prompts/list", signal)).find(({ entry }) => entry.name === shown);
    if (!found) throw invalidParams(unknownPrompt(shown));
    return { upstream: found.upstream, params: named(found.own) };
  }

  /** The entries of a list, with the server's own name of each. Of two resources with one address the first is listed. */
  async #entries(method: ListMethod, signal: AbortSignal): Promise<readonly Entry[]> {
    const { field, key, capability } = LISTS[method];
    const lists = await this.#each(async (upstream) => {
      const { session } = await upstream.connected();
      if (!session.serverCapabilities[capability]) return [];
      const { items, cut } = await wholeList({ method, field, key }, async (params) =>
        asResult(await upstream.request(method, params, signal)),
      );
      if (cut !== undefined) this.#log.detail(`${upstream.name}: ${cut}`);
      return items.map((entry) => ({ upstream, own: String(entry[key]), entry }));
    });
    const all = lists.flat();
    if (method !== "prompts/list")
      return all.filter(({ own }, index) => all.findIndex((other) => other.own === own) === index);
    const names = shownNames(
      all.map(({ upstream, own }) => ({ server: upstream.name, name: own })),
      [],
    );
    return all.map((one, index) => ({ ...one, entry: { ...one.entry, name: names[index] ?? one.own } }));
  }

  /** What each server says. One of several that cannot be asked is left out. */
  async #each<T>(ask: (upstream: Upstream) => Promise<readonly T[]>): Promise<readonly (readonly T[])[]> {
    const { only } = this;
    if (only) return [await ask(only)];
    return Promise.all(
      this.#upstreams.map((upstream) => {
        if (upstream.away) {
          // The others do not wait for it. When it is back, the agent is notified that the lists have changed.
          upstream.connected().catch(() => undefined);
          return [];
        }
        return ask(upstream).catch((error: unknown) => {
          this.#log.detail(`${upstream.name} is left out: ${reasonOf(error)}`);
          return [];
        });
      }),
    );
  }
}

function readablePage({ nextCursor, ...page }: JsonObject, field: string, key: string): JsonObject {
  return {
    ...page,
    [field]: readableEntries(page[field], key),
    ...(typeof nextCursor === "string" && { nextCursor }),
  };
}

/** As the server sent it, with its `resultType`. */
function asResult(result: unknown): JsonObject {
  return isObject(result) ? result : {};
}
