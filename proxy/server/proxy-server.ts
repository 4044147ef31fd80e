import {
  abilitiesOf,
  type ClientAbilities,
  canAnswer,
  NO_ABILITIES,
} from "../../front/client-capabilities.ts";
import { withoutServersMarks } from "../../front/outcome.ts";
import { INTERNAL_ERROR, METHOD_NOT_FOUND, RpcError } from "../../front/rpc-error.ts";
import type { Transport } from "../../src/channel/transport.ts";
import { RequestFailedError } from "../../src/engine/request-failed.ts";
import { readQuestion } from "../../src/protocol/input-request.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { isRequest, type RpcNotification, type RpcRequest } from "../../src/protocol/json-rpc.ts";
import { SUBSCRIPTION_ID } from "../../src/protocol/meta-keys.ts";
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
import { Subscriptions } from "./subscriptions.ts";
import { callIn, ToolCalls, type Waiter } from "./tool-calls.ts";

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
  #running: Promise<Running> | undefined;
  #now: Running | undefined;
  #abilities: ClientAbilities = NO_ABILITIES;
  /** Log level and subscriptions of the agent, for servers that are connected again. */
  #logLevel: JsonObject | undefined;
  readonly #subscribed: Set<string> = new Set();
  /** The agent's requests that want log messages (2026-07-28). */
  #wantLogs = 0;
  /** Where progress goes that a server reports of a call, by the task's id. */
  readonly #progress: Map<string, (params: JsonObject) => void> = new Map();
  /** The servers' own requests that the agent is asked now, by server and id. */
  readonly #relayed: Map<string, AbortController> = new Map();

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
    this.#subscriptions = new Subscriptions(this.agent, () => void this.#relisten());
  }

  /** Releases the stores: the next start resumes their tasks. */
  async close(): Promise<void> {
    const running = await this.#running?.catch(() => undefined);
    await running?.tasks.close();
  }

  /** A request or notification of a server. */
  inbound(message: RpcRequest | RpcNotification, link: Link, upstream: Upstream): void {
    if (message.method === "notifications/progress") {
      const token = message.params?.progressToken;
      const progressed = typeof token === "string" ? this.#progress.get(token) : undefined;
      progressed?.(message.params ?? {});
      // Progress of other requests has the agent's own token.
      if (!link.offer(message) && !progressed) this.agent.notify(message.method, message.params);
      return;
    }
    if (isRequest(message)) void this.#asked(message, link, upstream);
    else this.#notified(message, link, upstream);
  }

  /** A server is connected. After a reconnect it gets the agent's log level and subscriptions again. */
  connected(link: Link, again: boolean, upstream: Upstream): void {
    const replay = (method: string, params: JsonObject): void =>
      void link.request(method, params, new AbortController().signal).catch(() => undefined);
    const { serverCapabilities } = link.session;
    if (!link.sessions) this.#listen(link);
    else if (again) {
      if (this.#logLevel && serverCapabilities.logging) replay("logging/setLevel", this.#logLevel);
      for (const uri of this.#subscribed)
        if (serverCapabilities.resources) replay("resources/subscribe", { uri });
    }
    if (!again && !this.#late) return;
    this.#options.log.detail(`${upstream.name} is connected again`);
    for (const list of ["tools", "prompts", "resources"] as const) {
      if (list === "tools" || serverCapabilities[list])
        this.#listChanged(`notifications/${list}/list_changed`, {});
    }
  }

  /** The agent had its first answer before every server was there. */
  #late = false;

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
    if (envelope.logs) this.#wantLogs++;
    try {
      const result = await this.#modern(request, envelope, running);
      return modernResult(method, result, serverInfoOf(this.#links(), this.#several));
    } finally {
      if (envelope.logs) this.#wantLogs--;
    }
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
        this.#logLevel = params;
        await this.#eachWith("logging", (upstream) => upstream.request(method, params, signal));
        return {};
      case "resources/subscribe":
      case "resources/unsubscribe": {
        const uri = String(params.uri);
        if (method === "resources/subscribe") this.#subscribed.add(uri);
        else this.#subscribed.delete(uri);
        const upstream = await catalog.serverOf(uri, signal);
        if (!(await upstream.connected()).sessions) {
          this.#listenAgain();
          return {};
        }
        return withoutServersMarks(await catalog.routed(method, params, signal));
      }
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
      const { execution: _servers, outputSchema, ...definition } = tool.definition;
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
        follow: (id: string) => {
          const send = (params: JsonObject): void =>
            this.agent.notify("notifications/progress", { ...params, progressToken });
          this.#progress.set(id, send);
          return () => {
            if (this.#progress.get(id) === send) this.#progress.delete(id);
          };
        },
      }),
    };
  }

  /** The servers' own requests: about a task, or for the agent. */
  async #asked(message: RpcRequest, link: Link, upstream: Upstream): Promise<void> {
    const { id, method, params = {} } = message;
    if (method === "ping") return void link.channel.respond(id, {}).catch(() => undefined);
    const question = readQuestion(message);
    const forAgent =
      this.#isLegacyAgent &&
      (!question || (question.taskId === undefined && canAnswer(this.#abilities, question.request)));
    if (!forAgent && link.offer(message)) return;
    const refuse = (code: number, text: string): void =>
      void link.channel.refuse(id, code, text).catch(() => undefined);
    if (!this.#isLegacyAgent) return refuse(METHOD_NOT_FOUND, `${method} is not supported`);
    const key = `${upstream.name}/${JSON.stringify(id)}`;
    const controller = new AbortController();
    this.#relayed.set(key, controller);
    try {
      const result = await this.agent.request(method, params, controller.signal);
      await link.channel.respond(id, isObject(result) ? result : {});
    } catch (error) {
      const failure = error instanceof RequestFailedError ? error.failure : undefined;
      if (failure?.kind === "rpc") refuse(failure.error.code, failure.error.message);
      else if (!controller.signal.aborted) refuse(INTERNAL_ERROR, "The agent did not answer");
    } finally {
      this.#relayed.delete(key);
    }
  }

  #notified(message: RpcNotification, link: Link, upstream: Upstream): void {
    const { method, params = {} } = message;
    const taken = link.offer(message);
    switch (method) {
      case "notifications/cancelled":
        return this.#relayed.get(`${upstream.name}/${JSON.stringify(params.requestId)}`)?.abort();
      case "notifications/tools/list_changed":
      case "notifications/prompts/list_changed":
      case "notifications/resources/list_changed":
        return this.#listChanged(method, params);
      case "notifications/tasks/status":
      case "notifications/tasks":
      case "notifications/subscriptions/acknowledged":
        // About the servers' own tasks and streams, which the agent does not know.
        return;
      case "notifications/resources/updated":
        if (!this.#isLegacyAgent) return this.#subscriptions.notify(method, withoutSubscription(params));
        break;
      case "notifications/message":
        if (!this.#isLegacyAgent && this.#wantLogs === 0) return;
        break;
      default:
        if (taken) return;
    }
    if (this.#now) this.agent.notify(method, withoutSubscription(params));
  }

  #listChanged(method: string, params: JsonObject): void {
    this.#now?.catalog.changed();
    if (!this.#isLegacyAgent) this.#subscriptions.notify(method, withoutSubscription(params));
    else if (this.#now) this.agent.notify(method, withoutSubscription(params));
  }

  #notification(method: string, params: JsonObject): void {
    // The servers had their own; and what the agent cancels of a server's request, it answers with an error.
    if (method === "notifications/initialized") return;
    for (const upstream of this.#options.upstreams) {
      if (upstream.link?.sessions) upstream.notify(method, params);
    }
  }

  /** One stream to each modern server carries all notifications that the agent subscribed to. */
  #listen(link: Link): void {
    this.#listening.get(link)?.abort();
    const controller = new AbortController();
    this.#listening.set(link, controller);
    const uris = this.#isLegacyAgent ? [...this.#subscribed] : [...this.#subscriptions.resources];
    const notifications = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      ...(uris.length > 0 && { resourceSubscriptions: uris }),
    };
    link.request("subscriptions/listen", { notifications }, controller.signal).catch(() => undefined);
  }

  readonly #listening: WeakMap<Link, AbortController> = new WeakMap();

  #listenAgain(): void {
    for (const { link } of this.#links()) if (!link.sessions) this.#listen(link);
  }

  /** The subscriptions of a modern agent have changed: updates those at the servers of either generation. */
  async #relisten(): Promise<void> {
    this.#listenAgain();
    const wanted = this.#subscriptions.resources;
    const ask = async (method: string, uri: string): Promise<void> => {
      const { signal } = new AbortController();
      const upstream = await this.#now?.catalog.serverOf(uri, signal);
      if (!upstream || !(await upstream.connected()).sessions) return;
      await upstream.request(method, { uri }, signal);
    };
    const added = [...wanted].filter((uri) => !this.#subscribed.has(uri));
    const dropped = [...this.#subscribed].filter((uri) => !wanted.has(uri));
    for (const uri of added) this.#subscribed.add(uri);
    for (const uri of dropped) this.#subscribed.delete(uri);
    await Promise.allSettled([
      ...added.map((uri) => ask("resources/subscribe", uri)),
      ...dropped.map((uri) => ask("resources/unsubscribe", uri)),
    ]);
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

  async #eachWith(capability: string, ask: (upstream: Upstream) => Promise<unknown>): Promise<void> {
    const able = this.#options.upstreams.filter(({ link }) => link?.session.serverCapabilities[capability]);
    await Promise.all(able.map(ask));
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

function withoutSubscription(params: JsonObject): JsonObject {
  if (!isObject(params._meta)) return params;
  const { [SUBSCRIPTION_ID]: _ours, ..._meta } = params._meta;
  const { _meta: _whole, ...fields } = params;
  return Object.keys(_meta).length > 0 ? { ...fields, _meta } : fields;
}
