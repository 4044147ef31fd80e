import { INTERNAL } from "../../front/messages.ts";
import { INTERNAL_ERROR, RpcError } from "../../front/rpc-error.ts";
import { RpcChannel } from "../../src/channel/rpc-channel.ts";
import { sendOn, type Transport } from "../../src/channel/transport.ts";
import { RequestFailedError } from "../../src/engine/request-failed.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import {
  isRequest,
  type RequestId,
  type RpcNotification,
  type RpcRequest,
} from "../../src/protocol/json-rpc.ts";
import type { Log } from "../log.ts";
import { notReached } from "../messages.ts";
import { reasonOf } from "../reason.ts";

/** One request of the agent. */
export interface AgentRequest {
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
  readonly meta: JsonObject;
  /** Aborted when the agent cancels the request or goes away. */
  readonly signal: AbortSignal;
  /** Calls back once: when the reply has left this process, or when the agent no longer waits for one. */
  onReply(replied: (sent: boolean) => void): void;
}

export interface AgentHandler {
  /** Resolves with the result. An RpcError or a RequestFailedError that it throws becomes the error of the reply. */
  request(request: AgentRequest): Promise<object>;
  notification(method: string, params: JsonObject): void;
}

/** The JSON-RPC connection to the agent: serves its requests, and sends it those of the servers. */
export class AgentConnection {
  /** Resolves when the agent has closed its side. */
  readonly ended: Promise<void>;
  readonly #transport: Transport;
  readonly #channel: RpcChannel;
  readonly #handler: AgentHandler;
  readonly #log: Log;
  readonly #served: Map<RequestId, AbortController> = new Map();

  constructor(transport: Transport, handler: AgentHandler, log: Log) {
    this.#transport = transport;
    this.#handler = handler;
    this.#log = log;
    this.#channel = new RpcChannel(transport, (message) => this.#received(message));
    transport.onmessage = ((message: unknown) => void this.#channel.receive(message)) as NonNullable<
      Transport["onmessage"]
    >;
    this.ended = new Promise((resolve) => {
      transport.onclose = () => {
        this.#channel.close();
        for (const controller of this.#served.values()) controller.abort(new Error("The agent is gone"));
        resolve();
      };
    });
  }

  start(): Promise<void> {
    return this.#transport.start();
  }

  /** Sends the agent a request, without a time limit: a person may answer it. Throws a RequestFailedError. */
  request(method: string, params: JsonObject, signal: AbortSignal): Promise<unknown> {
    return this.#channel.request(
      { method, params },
      { timeoutMs: Number.POSITIVE_INFINITY, signal, announceGivingUp: true },
    );
  }

  notify(method: string, params?: JsonObject): void {
    this.#send({ jsonrpc: "2.0", method, ...(params && { params }) });
  }

  #received(message: RpcRequest | RpcNotification): boolean {
    const params = isObject(message.params) ? message.params : {};
    if (isRequest(message)) void this.#serve(message.id, message.method, params);
    else if (message.method === "notifications/cancelled") this.#cancelled(params.requestId);
    else this.#handler.notification(message.method, params);
    return true;
  }

  #cancelled(id: unknown): void {
    if (typeof id === "string" || typeof id === "number")
      this.#served.get(id)?.abort(new Error("The agent cancelled the request"));
  }

  async #serve(id: RequestId, method: string, params: JsonObject): Promise<void> {
    const controller = new AbortController();
    this.#served.set(id, controller);
    const { signal } = controller;
    const listeners: ((sent: boolean) => void)[] = [];
    const onReply = (replied: (sent: boolean) => void): void => void listeners.push(replied);
    let sent = false;
    const reply = async (body: object): Promise<void> => {
      // A cancelled request gets no reply (2025-11-25 cancellation, "Behavior Requirements").
      if (signal.aborted) return;
      sent = await sendOn(this.#transport, { jsonrpc: "2.0", id, ...body }).then(
        () => true,
        () => false,
      );
    };
    try {
      const meta = isObject(params._meta) ? params._meta : {};
      const result = await this.#handler.request({ id, method, params, meta, signal, onReply });
      await reply({ result });
    } catch (error) {
      if (!signal.aborted) await reply({ error: this.#errorBody(method, error) });
    } finally {
      this.#served.delete(id);
      for (const replied of listeners) replied(sent);
    }
  }

  #errorBody(method: string, error: unknown): object {
    if (error instanceof RpcError) return error.body;
    if (error instanceof RequestFailedError) {
      if (error.failure.kind === "rpc") return error.failure.error;
      return { code: INTERNAL_ERROR, message: notReached(error.failure.message) };
    }
    this.#log.info(`${method} failed: ${reasonOf(error)}`);
    return { code: INTERNAL_ERROR, message: INTERNAL };
  }

  #send(message: object): void {
    // When the agent does not read any more, its input ends too, and with it the process.
    sendOn(this.#transport, message).catch(() => undefined);
  }
}
