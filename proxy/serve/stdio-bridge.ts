import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import {
  integerId,
  isNotification,
  isRequest,
  isResponse,
  METHOD_NOT_FOUND,
  type RequestId,
  type RpcNotification,
  type RpcRequest,
  type RpcResponse,
} from "../../src/protocol/json-rpc.ts";
import { RELATED_TASK, SUBSCRIPTION_ID } from "../../src/protocol/meta-keys.ts";
import type { LocalServer } from "../configuration/server-spec.ts";
import type { Log } from "../log.ts";
import { notStarted } from "../messages.ts";
import { type Ended, endedText, LocalProcess, lacksCommand } from "../upstream/local-process.ts";
import { Restarts } from "../upstream/restarts.ts";
import { HttpReply } from "./http-reply.ts";

/** The longest message that a client may send, in bytes. */
const MAX_BODY_BYTES = 32 * 2 ** 20;
/** How many requests of the server wait for a stream to be sent on. */
const MOST_WAITING = 100;
const NOT_MODERN = {
  code: METHOD_NOT_FOUND,
  message: "The server has been initialized as one of 2025-11-25",
};

/** A request of a client that the server has not answered yet. */
interface Exchange {
  readonly request: RpcRequest;
  readonly reply: HttpReply;
}

/** One run of the server's process. */
interface Life {
  /** The session's id: of the process, since that has one session (2025-11-25 transports, "stdio"). */
  readonly id: string;
  readonly process: LocalProcess;
  readonly open: Map<number, Exchange>;
  /** Requests of the server that no open stream is for. */
  readonly waiting: RpcRequest[];
  /** The answer to the first `initialize`, which all clients share. */
  handshake?: Promise<RpcResponse>;
  isInitialized: boolean;
}

/**
 * A local server as an address of Streamable HTTP, for the worker. All clients share one process and one session: the worker is
 * one client in many objects, which come and go. Ids of requests are made unique for the process and restored in its replies.
 */
export class StdioBridge {
  readonly #server: LocalServer;
  readonly #log: Log;
  readonly #restarts: Restarts = new Restarts();
  #life: Life | undefined;
  #startAt = 0;
  #lastId = 0;
  #closed = false;

  constructor(server: LocalServer, log: Log) {
    this.#server = server;
    this.#log = log;
  }

  /** Starts the process before anybody asks, so that a wrong command shows at once. */
  start(): void {
    this.#running(Date.now());
  }

  /** Closes the process's input and resolves when it has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#life?.process.end();
  }

  /** Ends the process at once: for the moment when this process ends itself. */
  kill(): void {
    this.#closed = true;
    this.#life?.process.kill();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = new HttpReply(response);
    // A session ends with the process. There is no stream of the server's own: what it asks goes to the request that is under way.
    if (request.method !== "POST") return reply.status(request.method === "DELETE" ? 204 : 405);
    const message = await bodyOf(request);
    if (message === undefined) return reply.status(400);
    const life = this.#running(Date.now());
    // The request has not been sent anywhere: the client sends it again then.
    if (!life) return reply.status(503, { "retry-after": `${this.#waitS()}` });
    const session = request.headers["mcp-session-id"];
    if (session !== undefined && session !== life.id) return reply.status(404);
    if (isRequest(message)) {
      if (message.method === "initialize") return this.#initialize(life, message, reply);
      // Many servers of the older generation never answer the probe, and this one has chosen it.
      if (message.method === "server/discover" && life.isInitialized)
        return reply.end({ jsonrpc: "2.0", id: message.id, error: NOT_MODERN });
      return this.#request(life, message, reply, session === undefined);
    }
    if (isNotification(message)) this.#notify(life, message);
    else if (isResponse(message)) this.#send(life, message);
    reply.status(202);
  }

  #request(life: Life, request: RpcRequest, reply: HttpReply, isModern: boolean): void {
    const id = this.#open(life, request, reply);
    reply.onGone(() => {
      if (!life.open.delete(id) || !isModern) return;
      // The modern generation cancels by closing the stream (cancellation, "Transport-Specific Cancellation").
      this.#send(life, { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
    });
    for (const waiting of life.waiting.splice(0)) this.#passOn(life, waiting);
  }

  /** A process takes one handshake: later clients receive the answer to the first. */
  async #initialize(life: Life, request: RpcRequest, reply: HttpReply): Promise<void> {
    life.handshake ??= new Promise((resolve) => {
      this.#open(life, request, HttpReply.to(resolve));
    });
    const answer = await life.handshake;
    if (answer.error !== undefined) delete life.handshake;
    // Its process ended before it could answer.
    if (answer.result === undefined && answer.error === undefined)
      return reply.status(503, { "retry-after": `${this.#waitS()}` });
    reply.end({ ...answer, id: request.id }, { "mcp-session-id": life.id });
  }

  #open(life: Life, request: RpcRequest, reply: HttpReply): number {
    const id = ++this.#lastId;
    life.open.set(id, { request, reply });
    this.#send(life, { ...request, id });
    return id;
  }

  #notify(life: Life, message: RpcNotification): void {
    if (message.method === "notifications/initialized") {
      if (life.isInitialized) return;
      life.isInitialized = true;
    }
    const { requestId } = message.params ?? {};
    if (message.method !== "notifications/cancelled") return this.#send(life, message);
    const [id] = [...life.open].findLast(([, { request }]) => request.id === requestId) ?? [];
    if (id !== undefined) this.#send(life, { ...message, params: { ...message.params, requestId: id } });
  }

  /** The process, started again if it has ended. Undefined while it is to be left alone, and once this is closed. */
  #running(now: number): Life | undefined {
    if (this.#life || this.#closed || now < this.#startAt) return this.#life;
    this.#restarts.started(now);
    const process = new LocalProcess(this.#server, this.#log);
    const life: Life = { id: randomUUID(), process, open: new Map(), waiting: [], isInitialized: false };
    process.transport.onmessage = (message: unknown) => this.#receive(life, message);
    void process.transport.start();
    void process.ended.then((ended) => this.#ended(life, ended));
    this.#life = life;
    return life;
  }

  #ended(life: Life, ended: Ended): void {
    const now = Date.now();
    this.#restarts.ended(now);
    this.#startAt = now + this.#restarts.backoffMs;
    this.#life = undefined;
    for (const { reply } of life.open.values()) {
      // A process that never ran did nothing. Of any other nobody can know what it did.
      if (ended.error) reply.status(503, { "retry-after": `${this.#waitS()}` });
      else reply.abort();
    }
    life.open.clear();
    if (this.#closed) return;
    const { name } = this.#server;
    if (lacksCommand(ended))
      this.#log.info(notStarted(name, "its command was not found: check its name, and PATH"));
    else this.#log.info(`${name}: ${endedText(ended)}`);
  }

  #waitS(): number {
    return Math.max(1, Math.ceil((this.#startAt - Date.now()) / 1_000));
  }

  #receive(life: Life, message: unknown): void {
    if (isResponse(message)) {
      const id = integerId(message.id);
      const exchange = life.open.get(id);
      if (!exchange || !life.open.delete(id)) return;
      const { request, reply } = exchange;
      const result = isObject(message.result) ? withOwnId(message.result, request.id) : message.result;
      reply.end({ ...message, id: request.id, ...(result !== undefined && { result }) });
    } else if (isRequest(message) || isNotification(message)) this.#passOn(life, message);
  }

  /** Sends a message of the server's own on the stream of the request that it belongs to. */
  #passOn(life: Life, message: RpcRequest | RpcNotification): void {
    if (message.method === "ping" && "id" in message)
      return this.#send(life, { jsonrpc: "2.0", id: message.id, result: {} });
    const exchange = exchangeOf(life, message);
    if (exchange) {
      const { params } = message;
      exchange.reply.write({ ...message, ...(params && { params: withOwnId(params, exchange.request.id) }) });
    } else if ("id" in message) {
      life.waiting.push(message);
      const dropped = life.waiting.length > MOST_WAITING ? life.waiting.shift() : undefined;
      const error = { code: METHOD_NOT_FOUND, message: "No client is there to be asked" };
      if (dropped) this.#send(life, { jsonrpc: "2.0", id: dropped.id, error });
    }
  }

  #send(life: Life, message: object): void {
    // The end of the process ends every request that waits.
    life.process.transport.send(message).catch(() => undefined);
  }
}

/**
 * The open request that a message belongs to: by its progress token, its subscription, or its task. What names none belongs to
 * the last tool call: stdio does not say to which, and all clients are the worker.
 */
function exchangeOf(life: Life, message: RpcRequest | RpcNotification): Exchange | undefined {
  const open = [...life.open];
  const { params = {} } = message;
  const meta = metaOf(params);
  if (message.method === "notifications/progress")
    return open.find(([, { request }]) => metaOf(request.params).progressToken === params.progressToken)?.[1];
  const subscription = meta[SUBSCRIPTION_ID];
  if (subscription !== undefined) return life.open.get(integerId(subscription));
  // A client that has seen a status pushed polls seldom, and there is no stream on which the next one would come.
  if (message.method === "notifications/tasks/status") return undefined;
  const related = meta[RELATED_TASK];
  const task = isObject(related) ? related.taskId : undefined;
  if (task !== undefined)
    return open.findLast(
      ([, { request }]) => request.method === "tasks/result" && request.params?.taskId === task,
    )?.[1];
  const isOfCall = "id" in message || message.method === "notifications/message";
  return isOfCall ? open.findLast(([, { request }]) => request.method === "tools/call")?.[1] : undefined;
}

/** A subscription is named by the id of its request, which the process knows by another. */
function withOwnId(holder: JsonObject, id: RequestId): JsonObject {
  const meta = metaOf(holder);
  return meta[SUBSCRIPTION_ID] === undefined
    ? holder
    : { ...holder, _meta: { ...meta, [SUBSCRIPTION_ID]: id } };
}

function metaOf(holder: JsonObject | undefined): JsonObject {
  return isObject(holder?._meta) ? holder._meta : {};
}

/** The message of a request's body. Undefined for one that is too long, or not JSON. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}
