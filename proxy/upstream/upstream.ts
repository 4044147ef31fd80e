import type { Connector } from "../../src/channel/connection.ts";
import { withIdempotencyKeys } from "../../src/channel/idempotency-keys.ts";
import { sdkLink } from "../../src/channel/sdk-link.ts";
import type { Transport } from "../../src/channel/transport.ts";
import { urlConnector } from "../../src/channel/url-connector.ts";
import { RequestFailedError } from "../../src/engine/request-failed.ts";
import { withPairs } from "../../src/pairs/index.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { RpcNotification, RpcRequest } from "../../src/protocol/json-rpc.ts";
import type { Frame } from "../../src/protocol/task-protocol.ts";
import type { RemoteServer, ServerSpec } from "../configuration/server-spec.ts";
import type { Log } from "../log.ts";
import { AGENT_UNKNOWN, ENDING } from "../messages.ts";
import { reasonOf } from "../reason.ts";
import { type AgentHello, capabilitiesFor } from "./agent-hello.ts";
import { CredentialFile } from "./credentials.ts";
import { Link } from "./link.ts";
import { endedText, LocalProcess } from "./local-process.ts";
import { Restarts } from "./restarts.ts";
import type { SignIn } from "./sign-in.ts";

export interface UpstreamEvents {
  /** A request or notification of the server. */
  readonly inbound: (message: RpcRequest | RpcNotification, link: Link, upstream: Upstream) => void;
  /** Connected for the first time, or again: then the log level and subscriptions are sent once more. */
  readonly connected: (link: Link, again: boolean, upstream: Upstream) => void;
}

/** One server behind the proxy: its process or address, and the connection that is made anew when it is lost. */
export class Upstream {
  readonly name: string;
  readonly local: boolean;
  readonly #server: ServerSpec;
  readonly #dataFolder: string;
  readonly #log: Log;
  readonly #events: UpstreamEvents;
  #hello: AgentHello | undefined;
  #link: Promise<Link> | undefined;
  #current: Link | undefined;
  #process: LocalProcess | undefined;
  #signIn: SignIn | undefined;
  readonly #restarts: Restarts = new Restarts();
  #connections = 0;
  #closed = false;
  /** Why the server is not there, for people. */
  #reason: string | undefined;
  /** `_meta` of the agent's tool calls, by the progress token that their task's request has. */
  readonly callMeta: Map<string, JsonObject> = new Map();

  constructor(server: ServerSpec, dataFolder: string, log: Log, events: UpstreamEvents) {
    this.name = server.name;
    this.local = server.kind === "local";
    this.#server = server;
    this.#dataFolder = dataFolder;
    this.#log = log;
    this.#events = events;
  }

  /** Starts a local server's process before the agent has said anything: it starts while the agent does. */
  prepare(): void {
    if (this.#server.kind === "local" && !this.#process) this.#process = this.#start(this.#server);
  }

  /** Connects, as the agent that said this. */
  greet(hello: AgentHello): void {
    this.#hello = hello;
    this.connected().catch(() => undefined);
  }

  /** The connection now, if there is one. */
  get link(): Link | undefined {
    return this.#current;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  /** Whether it could not be reached. It is tried again, with backoff, whenever it is asked for something. */
  get away(): boolean {
    return !this.#current && this.#reason !== undefined;
  }

  /** The connection; connects if need be. Throws a RequestFailedError. */
  connected(): Promise<Link> {
    this.#link ??= this.#connect();
    return this.#link;
  }

  /** Replaces a connection whose session the server has forgotten. */
  renewed(lost: Link): Promise<Link> {
    if (this.#current === lost) {
      this.#current = undefined;
      this.#link = undefined;
      // Requests that are still out on it get their replies or fail by themselves.
      void lost.close().catch(() => undefined);
    }
    return this.connected();
  }

  /** Sends a request of the agent's own. Throws a RequestFailedError. */
  async request(method: string, params: JsonObject, signal: AbortSignal): Promise<unknown> {
    const link = await this.connected();
    try {
      return await link.request(method, params, signal);
    } catch (error) {
      if (!isSessionLost(error, link)) throw error;
      return (await this.renewed(link)).request(method, params, signal);
    }
  }

  /** Sends a notification of the agent's, if the server is there. */
  notify(method: string, params: JsonObject | undefined): void {
    this.#current?.channel.notify(method, params).catch(() => undefined);
  }

  /** The same connection for a TaskClient. */
  connector(): Connector {
    let given: Link | undefined;
    return this.#paired({
      ...(this.#server.kind === "remote" && { address: this.#server.url }),
      renewable: true,
      connect: async (events) => {
        // Asked again while it is open: the server has forgotten its session.
        const lost = given !== undefined && given === this.#current && !this.local ? given : undefined;
        const link = await (lost ? this.renewed(lost) : this.connected());
        given = link;
        const closed = (): void => {
          given = undefined;
          events.closed();
        };
        return link.connection({ ...events, closed }, (frame) => this.#decorated(frame));
      },
    });
  }

  /**
   * A connection for the tasks of an earlier process. A remote server may know them only in the session in which they were
   * made, which the store remembers.
   */
  connectorOfAdopted(): Connector {
    const server = this.#server;
    if (server.kind === "local") return this.connector();
    return this.#paired({
      address: server.url,
      renewable: true,
      connect: async (events, remembered) => {
        const transports = await this.#transports(server);
        const hello = this.#hello;
        const options = hello && { clientInfo: hello.clientInfo, capabilities: capabilitiesFor(hello) };
        const connector = urlConnector(server.url, options ?? {}, (_address, seed) =>
          sdkLink(seed, ({ sessionId }) => transports(sessionId)),
        );
        return connector.connect(events, remembered);
      },
    });
  }

  #paired(connector: Connector): Connector {
    const { pairs, idempotencyKey } = this.#server;
    const keyed = idempotencyKey === undefined ? connector : withIdempotencyKeys(connector, idempotencyKey);
    return pairs ? withPairs(keyed, pairs) : keyed;
  }

  /** Ends the process or the connection. Resolves when the process has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#process?.end();
    await this.#current?.close().catch(() => undefined);
  }

  kill(): void {
    this.#closed = true;
    this.#process?.kill();
  }

  async #connect(): Promise<Link> {
    const hello = this.#hello;
    if (!hello) throw this.#unreachable(AGENT_UNKNOWN);
    let process: LocalProcess | undefined;
    try {
      const transport = await this.#open();
      process = this.#process;
      let link: Link | undefined;
      const closed = (): void => this.#lost(link);
      link = await Link.open(
        transport,
        this.local,
        hello,
        (message, from) => this.#events.inbound(message, from, this),
        closed,
      );
      this.#current = link;
      this.#reason = undefined;
      this.#events.connected(link, this.#connections++ > 0, this);
      return link;
    } catch (error) {
      // The process' end says more than the closed stream.
      const ended = process && (await Promise.race([process.ended, soon()]));
      this.#reason = ended ? endedText(ended) : reasonOf(error);
      this.#restarts.failed();
      this.#link = undefined;
      this.#log.info(`${this.name} could not be reached: ${this.#reason}`);
      if (ended?.error) throw this.#unreachable(this.#reason);
      throw error instanceof RequestFailedError && !this.local ? error : this.#unreachable(this.#reason);
    }
  }

  async #open(): Promise<Transport> {
    if (this.#closed) throw this.#unreachable(ENDING);
    if (this.#server.kind === "remote") return (await this.#transports(this.#server))();
    // Its streams end a moment before it does.
    const ending = this.#process?.transport.closed ? this.#process : undefined;
    await ending?.end();
    if (ending && this.#process === ending) this.#process = undefined;
    if (!this.#process) {
      const { backoffMs } = this.#restarts;
      if (backoffMs > 0) await new Promise((resolve) => setTimeout(resolve, backoffMs));
      if (this.#closed) throw this.#unreachable(ENDING);
      this.#process = this.#start(this.#server);
    }
    return this.#process.transport;
  }

  async #transports(server: RemoteServer): Promise<(sessionId?: string) => Transport> {
    const file = new CredentialFile(this.#dataFolder, server.url);
    // Loaded only now, since most configurations are local.
    const [{ SignIn }, { remoteTransport }] = await Promise.all([
      import("./sign-in.ts"),
      import("./remote-transport.ts"),
    ]);
    this.#signIn ??= new SignIn(file, this.name, this.#log);
    const signIn = this.#signIn;
    return (sessionId) => remoteTransport(server, signIn, sessionId);
  }

  #start(server: ServerSpec & { kind: "local" }): LocalProcess {
    const started = new LocalProcess(server, this.#log);
    this.#restarts.started(Date.now());
    void started.ended.then((ended) => {
      if (this.#process === started) this.#process = undefined;
      if (!this.#closed) this.#log.info(`${this.name}: ${endedText(ended)}`);
    });
    return started;
  }

  /** The connection is gone. A local server is started again at once, since it may have something to say. */
  #lost(link: Link | undefined): void {
    if (!link || this.#current !== link) return;
    this.#current = undefined;
    this.#link = undefined;
    if (this.#closed) return;
    this.#restarts.ended(Date.now());
    if (this.local) this.connected().catch(() => undefined);
  }

  #decorated(frame: Frame): Frame {
    const { _meta } = frame.params as { readonly _meta?: JsonObject };
    const token = _meta?.progressToken;
    const extra = typeof token === "string" ? this.callMeta.get(token) : undefined;
    return extra ? { ...frame, params: { ...frame.params, _meta: { ...extra, ..._meta } } } : frame;
  }

  #unreachable(message: string): RequestFailedError {
    return new RequestFailedError("connect", { kind: "network", message, unsent: true });
  }
}

/** HTTP 404 says so (2025-11-25 transports, "Session Management"); some servers answer 400 and name the session. */
function isSessionLost(error: unknown, { session }: Link): boolean {
  if (session.sessionId === undefined || !(error instanceof RequestFailedError)) return false;
  const { failure } = error;
  if (!("status" in failure)) return false;
  return failure.status === 404 || (failure.status === 400 && /session/i.test(failure.message));
}

function soon(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), 500));
}
