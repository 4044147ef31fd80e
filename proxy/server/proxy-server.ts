import { abilitiesOf, type ClientAbilities, NO_ABILITIES } from "../../front/client-capabilities.ts";
import { withoutServersMarks } from "../../front/outcome.ts";
import { readableTool } from "../../front/readable-entry.ts";
import { INTERNAL_ERROR, METHOD_NOT_FOUND, RpcError } from "../../front/rpc-error.ts";
import type { Transport } from "../../src/channel/transport.ts";
import { RequestFailedError } from "../../src/engine/request-failed.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import type { RpcNotification, RpcRequest } from "../../src/protocol/json-rpc.ts";
import { traitsOf } from "../../src/protocol/registry.ts";
import type { ClientIdentity } from "../../src/protocol/session.ts";
import type { Log } from "../log.ts";
import { NOT_INITIALIZED, notStarted } from "../messages.ts";
import { OwnedTasks } from "../store/owned-tasks.ts";
import type { StoreFolder } from "../store/store-folder.ts";
import type { AgentHello } from "../upstream/agent-hello.ts";
import type { Link } from "../upstream/link.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { AgentConnection, type AgentRequest } from "./agent-connection.ts";
import { Catalog } from "./catalog.ts";
import { LegacyTasks } from "./legacy-tasks.ts";
import {
  type Envelope,
  forServer,
  isModern,
  MODERN_VERSION,
  modernResult,
  readEnvelope,
} from "./modern-envelope.ts";
import { ModernTasks, wireOf } from "./modern-tasks.ts";
import { Questions } from "./questions.ts";
import { orRunning } from "./running-schema.ts";
import { capabilitiesOf, instructionsOf, type NamedLink, serverInfoOf } from "./server-facts.ts";
import { ServerMessages } from "./server-messages.ts";
import { Subscriptions } from "./subscriptions.ts";
import { callIn, ToolCalls, type Waiter } from "./tool-calls.ts";
import { UpstreamSubscriptions } from "./upstream-subscriptions.ts";

/** How long the agent's first request waits for the servers, in ms: agents give up after 60 s. */
const FIRST_ANSWER_MS = 40_000;
const LEGACY_VERSIONS: readonly string[] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const UNKNOWN_AGENT: ClientIdentity = { name: "unknown", version: "0" };

export interface ProxyServerOptions {
  readonly transport: Transport;
  readonly upstreams: readonly Upstream[];
  readonly folder: StoreFolder;
  readonly budgetMs: number;
  readonly log: Log;
}

/** What runs once it is known who the agent is. */
interface Running {
  readonly hello: AgentHello;
  readonly tasks: OwnedTasks;
  readonly calls: ToolCalls;
  readonly catalog: Catalog;
  readonly legacy: LegacyTasks;
  readonly modern: ModernTasks;
}

/** The MCP server that the agent sees, of either generation, in front of the servers. */
export class ProxyServer {
  readonly agent: AgentConnection;
  readonly #options: ProxyServerOptions;
  readonly #questions: Questions;
  readonly #subscriptions: Subscriptions;
  readonly #upstreamSubscriptions: UpstreamSubscriptions;
  readonly #serverMessages: ServerMessages;
  #running: Promise<Running> | undefined;
  #now: Running | undefined;
  /** Of an agent of the older generation. */
  #abilities: ClientAbilities = NO_ABILITIES;
  /** The agent had its first answer before every server was there. */
  #late = false;

  constructor(options: ProxyServerOptions) {
    this.#options = options;
    this.agent = new AgentConnection(
      options.transport,
      {
        request: (request) => this.#request(request),
        notification: (method, params) => this.#notification(method, params),
      },
      options.log,
    );
    this.#questions = new Questions(this.agent);
    this.#subscriptions = new Subscriptions(this.agent, () => void this.#upstreamSubscriptions.changed());
    const setting = {
      agent: this.agent,
      subscriptions: this.#subscriptions,
      upstreams: options.upstreams,
      links: () => this.#links(),
      abilities: () => this.#abilities,
      isLegacyAgent: () => this.#isLegacyAgent,
      catalog: () => this.#now?.catalog,
    };
    this.#upstreamSubscriptions = new UpstreamSubscriptions(setting);
    this.#serverMessages = new ServerMessages(setting);
  }

  /** Releases the stores: the next start resumes their tasks. */
  async close(): Promise<void> {
    const running = await this.#running?.catch(() => undefined);
    await running?.tasks.close();
  }

  /** A request or notification of a server. */
  inbound(message: RpcRequest | RpcNotification, link: Link, upstream: Upstream): void {
    this.#serverMessages.receive(message, link, upstream);
  }

  /** A server is connected, or again after the connection ended. */
  connected(link: Link, again: boolean, upstream: Upstream): void {
    this.#upstreamSubscriptions.connected(link, again);
    if (!again && !this.#late) return;
    this.#options.log.detail(`${upstream.name} is connected again`);
    for (const list of ["tools", "prompts", "resources"] as const) {
      if (list === "tools" || link.session.serverCapabilities[list])
        this.#serverMessages.listChanged(`notifications/${list}/list_changed`, {});
    }
  }

  async #request(request: AgentRequest): Promise<object> {
    const { method, meta, params } = request;
    if (method === "initialize") return this.#initialize(params);
    if (method === "ping") return {};
    if (!isModern(meta)) return this.#legacy(request, await this.#known());
    const envelope = readEnvelope(meta);
    this.#greet({
      generation: "2026-07-28",
      clientInfo: envelope.clientInfo ?? UNKNOWN_AGENT,
      capabilities: envelope.capabilities,
    });
    const running = await this.#known();
    const work = (): Promise<object> => this.#modern(request, envelope, running);
    const result = await (envelope.logs ? this.#serverMessages.withLogs(work) : work());
    return modernResult(method, result, serverInfoOf(this.#links(), this.#several));
  }

  async #initialize(params: JsonObject): Promise<object> {
    const capabilities = isObject(params.capabilities) ? params.capabilities : {};
    const clientInfo = isObject(params.clientInfo)
      ? (params.clientInfo as unknown as ClientIdentity)
      : UNKNOWN_AGENT;
    this.#abilities = abilitiesOf(capabilities);
    this.#greet({ generation: "2025-11-25", clientInfo, capabilities });
    await this.#known();
    await this.#serversOrLate();
    const links = this.#links();
    const wanted = String(params.protocolVersion);
    const instructions = instructionsOf(links, this.#several);
    return {
      protocolVersion: LEGACY_VERSIONS.includes(wanted) ? wanted : LEGACY_VERSIONS[0],
      capabilities: capabilitiesOf(links, "2025-11-25"),
      serverInfo: serverInfoOf(links, this.#several),
      ...(instructions !== undefined && { instructions }),
    };
  }

  async #legacy(request: AgentRequest, { calls, catalog, legacy }: Running): Promise<object> {
    const { method, params, signal, meta } = request;
    switch (method) {
      case "tools/list":
        return { tools: await this.#tools(calls, catalog, { companions: true, support: true }) };
      case "tools/call": {
        if (isObject(params.task)) return legacy.call(params, forServer(meta, false), signal);
        const { name, args } = callIn(params);
        const waiter = this.#waiter(request, this.#abilities);
        return calls.held(name, args, {
          ...waiter,
          ask: (task, asked) => this.#questions.put(task, asked, false),
        });
      }
      case "logging/setLevel":
        await this.#upstreamSubscriptions.setLogLevel(params, signal);
        return {};
      case "resources/subscribe":
      case "resources/unsubscribe":
        return this.#upstreamSubscriptions.change(method, params, catalog, signal);
      default:
        return (await legacy.method(request, this.#abilities)) ?? this.#passedOn(request, catalog);
    }
  }

  async #modern(request: AgentRequest, envelope: Envelope, running: Running): Promise<object> {
    const { method } = request;
    const { calls, catalog, modern } = running;
    switch (method) {
      case "server/discover": {
        await this.#serversOrLate();
        const links = this.#links();
        const instructions = instructionsOf(links, this.#several);
        return {
          supportedVersions: [MODERN_VERSION, "2025-11-25"],
          capabilities: capabilitiesOf(links, "2026-07-28"),
          ...(instructions !== undefined && { instructions }),
        };
      }
      case "tools/list":
        return { tools: await this.#tools(calls, catalog, { companions: !envelope.tasks, support: false }) };
      case "tools/call":
        return modern.call(request, this.#waiter(request, envelope.abilities), envelope.tasks);
      case "subscriptions/listen": {
        const known = async (ids: readonly string[]): Promise<readonly string[]> => {
          const found = await Promise.all(ids.map((id) => running.tasks.get(id)));
          return ids.filter((_id, index) => found[index]);
        };
        return this.#subscriptions.listen(request, known);
      }
      default:
        return (await modern.method(request, envelope.tasks)) ?? this.#passedOn(request, catalog);
    }
  }

  /** Forwards a request that the servers answer themselves. */
  async #passedOn({ method, params, meta, signal }: AgentRequest, catalog: Catalog): Promise<JsonObject> {
    const modernServer = this.#links()[0]?.link.sessions === false;
    const _meta = forServer(meta, modernServer);
    const { _meta: _agents, ...fields } = params;
    const own = Object.keys(_meta).length > 0 ? { ...fields, _meta } : fields;
    const ask = (asked: JsonObject): Promise<JsonObject> => {
      switch (method) {
        case "resources/list":
        case "resources/templates/list":
        case "prompts/list":
          return catalog.list(method, asked, signal);
        default:
          return catalog.routed(method, asked, signal);
      }
    };
    let result = await ask(own);
    // A modern server asks by its result; an agent of the older generation is asked by requests (mrtr).
    for (
      let round = 0;
      result.resultType === "input_required" && this.#isLegacyAgent && round < 20;
      round++
    ) {
      const { inputRequests, requestState } = result;
      const inputResponses = await this.#answers(isObject(inputRequests) ? inputRequests : {}, signal);
      result = await ask({ ...own, inputResponses, ...(requestState !== undefined && { requestState }) });
    }
    return this.#isLegacyAgent ? withoutServersMarks(result) : result;
  }

  async #answers(requests: JsonObject, signal: AbortSignal): Promise<JsonObject> {
    const answered = Object.entries(requests).map(async ([key, asked]) => {
      const { method, params } = isObject(asked) ? asked : {};
      const answer = await this.agent.request(String(method), isObject(params) ? params : {}, signal);
      return [key, isObject(answer) ? withoutServersMarks(answer) : {}] as const;
    });
    return Object.fromEntries(await Promise.all(answered));
  }

  async #tools(
    calls: ToolCalls,
    catalog: Catalog,
    { companions, support }: { readonly companions: boolean; readonly support: boolean },
  ): Promise<readonly JsonObject[]> {
    let thrown: unknown;
    const tools = await catalog.tools().catch((error: unknown) => {
      // Existing tasks can be followed while their server is away.
      thrown = error;
      return [];
    });
    if (thrown instanceof RequestFailedError && thrown.failure.kind === "rpc" && !this.#several) {
      // A server without tools says so by an error.
      if (thrown.failure.error.code !== METHOD_NOT_FOUND) throw thrown;
    } else if (thrown) this.#late = true;
    calls.name(tools);
    const listed = tools.map(({ shown, tool }) => {
      const { execution: _servers, outputSchema, ...definition } = readableTool(tool.definition);
      const output = isObject(outputSchema)
        ? companions
          ? orRunning(outputSchema)
          : outputSchema
        : undefined;
      return {
        ...definition,
        name: shown,
        ...(output && { outputSchema: output }),
        ...(support && { execution: { taskSupport: "optional" } }),
      };
    });
    return companions ? [...listed, ...calls.companions()] : listed;
  }

  #waiter({ meta, signal, onReply }: AgentRequest, abilities: ClientAbilities): Waiter {
    const { progressToken, ...rest } = meta;
    return {
      signal,
      abilities,
      onReply,
      meta: forServer(rest, this.#links()[0]?.link.sessions === false),
      ...(progressToken !== undefined && {
        follow: (id: string) =>
          this.#serverMessages.follow(id, (params) =>
            this.agent.notify("notifications/progress", { ...params, progressToken }),
          ),
      }),
    };
  }

  #notification(method: string, params: JsonObject): void {
    // The servers had their own; and what the agent cancels of a server's request, it answers with an error.
    if (method === "notifications/initialized") return;
    for (const upstream of this.#options.upstreams) {
      if (upstream.link?.sessions) upstream.notify(method, params);
    }
  }

  get #isLegacyAgent(): boolean {
    return !this.#now || traitsOf(this.#now.hello.generation).sessions === true;
  }

  get #several(): boolean {
    return this.#options.upstreams.length > 1;
  }

  #links(): readonly NamedLink[] {
    return this.#options.upstreams.flatMap(({ name, link }) => (link ? [{ name, link }] : []));
  }

  /** Resolves when every server is there or has failed, and at the latest before the agent gives up. */
  async #serversOrLate(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FIRST_ANSWER_MS);
    });
    const all = Promise.allSettled(this.#options.upstreams.map((upstream) => upstream.connected()));
    await Promise.race([all, patience]);
    clearTimeout(timer);
    const away = this.#options.upstreams.filter(({ link }) => !link);
    if (away.length === 0) return;
    const [only] = this.#options.upstreams;
    // Without its only server, and nothing that could bring it back, the agent should see the thrown.
    if (!this.#several && only?.local && only.reason !== undefined)
      throw new RpcError({
        code: INTERNAL_ERROR,
        message: notStarted(only.name, only.reason),
      });
    this.#late = true;
  }

  #greet(hello: AgentHello): void {
    this.#running ??= this.#run(hello);
  }

  async #known(): Promise<Running> {
    if (!this.#running) throw new RpcError({ code: INTERNAL_ERROR, message: NOT_INITIALIZED });
    return this.#running;
  }

  async #run(hello: AgentHello): Promise<Running> {
    const { upstreams, folder, budgetMs, log } = this.#options;
    for (const upstream of upstreams) upstream.greet(hello);
    const early: Parameters<ToolCalls["untold"]>[0][] = [];
    let calls: ToolCalls | undefined;
    const tasks = await OwnedTasks.open({
      folder,
      agent: hello.clientInfo.name,
      log,
      connectors: Object.fromEntries(upstreams.map((upstream) => [upstream.name, upstream.connector()])),
      connectorsOfAdopted: () =>
        Object.fromEntries(upstreams.map((upstream) => [upstream.name, upstream.connectorOfAdopted()])),
      untold: (records, agent) => {
        // Another agent's calls are its own.
        if (agent !== hello.clientInfo.name) return;
        if (calls) calls.untold(records);
        else early.push(records);
      },
    });
    const catalog = new Catalog(upstreams, (server) => tasks.listTools(server), log);
    calls = new ToolCalls(tasks, catalog, budgetMs, (server, id, meta) => {
      const callMeta = upstreams.find(({ name }) => name === server)?.callMeta;
      if (meta) callMeta?.set(id, meta);
      else callMeta?.delete(id);
    });
    for (const records of early) calls.untold(records);
    const legacy = new LegacyTasks({ tasks, calls, catalog, agent: this.agent, questions: this.#questions });
    const modern = new ModernTasks(tasks, calls, catalog, budgetMs);
    tasks.subscribe((task) => this.#subscriptions.notify("notifications/tasks", wireOf(task)));
    this.#now = { hello, tasks, calls, catalog, legacy, modern };
    return this.#now;
  }
}
