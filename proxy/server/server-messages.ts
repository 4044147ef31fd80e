import { type ClientAbilities, canAnswer } from "../../front/client-capabilities.ts";
import { INTERNAL_ERROR, METHOD_NOT_FOUND } from "../../front/rpc-error.ts";
import { RequestFailedError } from "../../src/engine/request-failed.ts";
import { readQuestion } from "../../src/protocol/input-request.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { isRequest, type RpcNotification, type RpcRequest } from "../../src/protocol/json-rpc.ts";
import { SUBSCRIPTION_ID } from "../../src/protocol/meta-keys.ts";
import type { Link } from "../upstream/link.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { AgentConnection } from "./agent-connection.ts";
import type { Catalog } from "./catalog.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface ServerMessagesSetting {
  readonly agent: AgentConnection;
  readonly subscriptions: Subscriptions;
  readonly isLegacyAgent: () => boolean;
  /** What an agent of the older generation can do. */
  readonly abilities: () => ClientAbilities;
  /** `undefined` until it is known who the agent is. */
  readonly catalog: () => Catalog | undefined;
}

/** What the servers send of their own: requests and notifications, for a task or for the agent. */
export class ServerMessages {
  readonly #setting: ServerMessagesSetting;
  /** Where progress goes that a server reports of a call, by the task's id. */
  readonly #progress: Map<string, (params: JsonObject) => void> = new Map();
  /** The servers' own requests that the agent is asked now, by server and id. */
  readonly #relayed: Map<string, AbortController> = new Map();
  /** How many requests of a modern agent want log messages. */
  #wantLogs = 0;

  constructor(setting: ServerMessagesSetting) {
    this.#setting = setting;
  }

  /** A request or notification of a server. */
  receive(message: RpcRequest | RpcNotification, link: Link, upstream: Upstream): void {
    if (message.method === "notifications/progress") {
      const token = message.params?.progressToken;
      const progressed = typeof token === "string" ? this.#progress.get(token) : undefined;
      progressed?.(message.params ?? {});
      // Progress of other requests has the agent's own token.
      if (!link.offer(message) && !progressed) this.#setting.agent.notify(message.method, message.params);
      return;
    }
    if (isRequest(message)) void this.#asked(message, link, upstream);
    else this.#notified(message, link, upstream);
  }

  /** Sends the progress of a task on. The function returned ends it. */
  follow(id: string, send: (params: JsonObject) => void): () => void {
    this.#progress.set(id, send);
    return () => {
      if (this.#progress.get(id) === send) this.#progress.delete(id);
    };
  }

  /** Log messages go to a modern agent while `work` lasts. */
  async withLogs<T>(work: () => Promise<T>): Promise<T> {
    this.#wantLogs++;
    try {
      return await work();
    } finally {
      this.#wantLogs--;
    }
  }

  listChanged(method: string, params: JsonObject): void {
    const { agent, catalog, isLegacyAgent, subscriptions } = this.#setting;
    catalog()?.changed();
    if (!isLegacyAgent()) subscriptions.notify(method, withoutSubscription(params));
    else if (catalog()) agent.notify(method, withoutSubscription(params));
  }

  /** A request about a task, or for the agent. */
  async #asked(message: RpcRequest, link: Link, upstream: Upstream): Promise<void> {
    const { abilities, agent, isLegacyAgent } = this.#setting;
    const { id, method, params = {} } = message;
    if (method === "ping") return void link.channel.respond(id, {}).catch(() => undefined);
    const question = readQuestion(message);
    const forAgent =
      isLegacyAgent() &&
      (!question || (question.taskId === undefined && canAnswer(abilities(), question.request)));
    if (!forAgent && link.offer(message)) return;
    const refuse = (code: number, text: string): void =>
      void link.channel.refuse(id, code, text).catch(() => undefined);
    if (!isLegacyAgent()) return refuse(METHOD_NOT_FOUND, `${method} is not supported`);
    const key = keyOf(upstream, id);
    const controller = new AbortController();
    this.#relayed.set(key, controller);
    try {
      const result = await agent.request(method, params, controller.signal);
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
    const { agent, catalog, isLegacyAgent, subscriptions } = this.#setting;
    const { method, params = {} } = message;
    const taken = link.offer(message);
    switch (method) {
      case "notifications/cancelled":
        return this.#relayed.get(keyOf(upstream, params.requestId))?.abort();
      case "notifications/tools/list_changed":
      case "notifications/prompts/list_changed":
      case "notifications/resources/list_changed":
        return this.listChanged(method, params);
      case "notifications/tasks/status":
      case "notifications/tasks":
      case "notifications/subscriptions/acknowledged":
        // About the servers' own tasks and streams, which the agent does not know.
        return;
      case "notifications/resources/updated":
        if (!isLegacyAgent()) return subscriptions.notify(method, withoutSubscription(params));
        break;
      case "notifications/message":
        if (!isLegacyAgent() && this.#wantLogs === 0) return;
        break;
      default:
        if (taken) return;
    }
    if (catalog()) agent.notify(method, withoutSubscription(params));
  }
}

function keyOf({ name }: Upstream, id: unknown): string {
  return `${name}/${JSON.stringify(id)}`;
}

function withoutSubscription(params: JsonObject): JsonObject {
  if (!isObject(params._meta)) return params;
  const { [SUBSCRIPTION_ID]: _ours, ..._meta } = params._meta;
  const { _meta: _whole, ...fields } = params;
  return Object.keys(_meta).length > 0 ? { ...fields, _meta } : fields;
}
