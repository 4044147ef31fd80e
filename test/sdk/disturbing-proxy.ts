import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Random } from "../simulation/random.ts";

/** What happens to one request. The first four keep it from the server. */
export type Disturbance =
  | "connection reset on arrival"
  | "gateway page"
  | "retry later"
  | "late request"
  | "reply lost"
  | "gateway page for a reply"
  | "reset in the headers"
  | "reset in the body"
  | "truncated"
  | "stalled"
  | "slow bytes"
  | "duplicated events"
  | "overtaken reply"
  | "swapped replies";

/** One request on its way, as far as a plan of disturbances may look at it. */
export interface Passage {
  /** The HTTP method. */
  readonly http: string;
  /** The JSON-RPC method; "response" for an answer to the server, "" where there is no body. */
  readonly method: string;
  readonly body: string;
  readonly lastEventId: string | undefined;
}

/** Chooses the disturbance of a request, or none. */
export type DisturbancePlan = (passage: Passage) => Disturbance | undefined;

const PAGE = "<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>";
/** Longer than the tests' request timeout, in ms. */
const STALL_MS = 17_000;
const LATE_MS = 400;
/** How long a reply waits until another one has overtaken it, in ms. */
const OVERTAKEN_MS = 300;
/** How long a reply waits for another one to change places with, in ms. */
const SWAP_MS = 300;

/** A proxy on loopback between a page and a server, and a network in which everything goes wrong by plan. */
export class DisturbingProxy {
  /** How often each disturbance happened. */
  readonly disturbances: Map<Disturbance, number> = new Map();
  /** The bodies that reached the server whole, by JSON-RPC method. */
  readonly arrived: Map<string, string[]> = new Map();
  /** The open connections of clients. */
  readonly sockets: Set<Socket> = new Set();
  readonly #server: Server;
  readonly #onward: Agent = new Agent({ keepAlive: false });
  readonly #random: Random;
  #waiting: ((other: Buffer) => Buffer) | undefined;
  #overtaken: (() => void)[] = [];

  private constructor(target: URL, plan: DisturbancePlan, random: Random) {
    this.#random = random;
    this.#server = createServer((incoming, outgoing) => void this.#pass(target, plan, incoming, outgoing));
    // An idle connection that closes under a request is a disturbance that no plan named.
    this.#server.keepAliveTimeout = 600_000;
    this.#server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
  }

  static async before(target: string | URL, plan: DisturbancePlan, random: Random): Promise<DisturbingProxy> {
    const proxy = new DisturbingProxy(new URL(target), plan, random);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  /** Closes the connections on which no request waits. */
  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#onward.destroy();
  }

  async #pass(
    target: URL,
    plan: DisturbancePlan,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { socket, headers } = incoming;
    const body = Buffer.concat(chunks).toString();
    const method = /^\{"jsonrpc":"2\.0",(?:"id":\d+,)?"method":"([^"]+)"/.exec(body)?.[1];
    const lastEventId = headers["last-event-id"] as string | undefined;
    const passage: Passage = {
      http: incoming.method ?? "",
      method: method ?? (body && "response"),
      body,
      lastEventId,
    };
    // The browser asks on its own behalf.
    const disturbance = passage.http === "OPTIONS" ? undefined : plan(passage);
    if (disturbance) this.disturbances.set(disturbance, (this.disturbances.get(disturbance) ?? 0) + 1);
    switch (disturbance) {
      case "connection reset on arrival":
        return void socket.resetAndDestroy();
      case "gateway page":
        return page(outgoing, 502);
      case "retry later":
        return page(outgoing, 503, { "retry-after": "1" });
      case "late request":
        await pause(this.#random.between(1, LATE_MS));
        break;
      default:
    }
    const arrived = this.arrived.get(passage.method) ?? [];
    this.arrived.set(passage.method, arrived);
    arrived.push(body);
    const { hostname, port, pathname } = target;
    const onward = request({
      ...{ hostname, port, path: pathname, method: passage.http, agent: this.#onward },
      headers: { ...headers, host: target.host },
    });
    onward.on("error", () => socket.destroy());
    onward.on("response", (reply) => this.#reply(disturbance, reply, outgoing, socket));
    // The server learns that the client is gone, unless the network ate the reply.
    outgoing.on("close", () => {
      if (disturbance !== "reply lost") onward.destroy();
    });
    onward.end(body);
  }

  #reply(
    disturbance: Disturbance | undefined,
    reply: IncomingMessage,
    outgoing: ServerResponse,
    socket: Socket,
  ): void {
    reply.on("error", () => socket.destroy());
    if (disturbance === "reply lost" || disturbance === "gateway page for a reply") {
      reply.resume();
      return disturbance === "reply lost" ? void socket.resetAndDestroy() : page(outgoing, 502);
    }
    if (disturbance === "reset in the headers") {
      reply.destroy();
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/ev", () => socket.resetAndDestroy());
      return;
    }
    const { "content-length": _ours, ...headers } = reply.headers;
    const isStream = /event-stream/.test(reply.headers["content-type"] ?? "");
    outgoing.writeHead(reply.statusCode ?? 502, headers);
    outgoing.flushHeaders();
    void this.#relay(disturbance, reply, outgoing, socket, isStream);
  }

  async #relay(
    disturbance: Disturbance | undefined,
    reply: IncomingMessage,
    outgoing: ServerResponse,
    socket: Socket,
    isStream: boolean,
  ): Promise<void> {
    // After which event the connection breaks: the first has an id and no data.
    let left = this.#random.between(0, 2);
    try {
      for await (const chunk of reply as AsyncIterable<Buffer>) {
        if (outgoing.closed) return;
        const half = chunk.subarray(0, this.#random.between(1, chunk.length));
        if ((disturbance === "reset in the body" || disturbance === "truncated") && left-- <= 0) {
          outgoing.write(half);
          reply.destroy();
          if (disturbance === "truncated") outgoing.end();
          else setImmediate(() => socket.resetAndDestroy());
          return;
        }
        const isReply = /"(?:result|error)"/.test(chunk.toString());
        if (disturbance === "stalled" && isReply) await pause(STALL_MS);
        if (disturbance === "overtaken reply" && isReply) await this.#overtaking();
        if (disturbance === "slow bytes") await this.#slowly(chunk, outgoing);
        else if (disturbance === "swapped replies" && isStream && isReply)
          outgoing.write(await this.#swapped(chunk));
        else outgoing.write(chunk);
        if (disturbance === "duplicated events" && isStream) outgoing.write(chunk);
        if (isReply && disturbance !== "overtaken reply") for (const go of this.#overtaken.splice(0)) go();
      }
      outgoing.end();
    } catch {
      socket.destroy();
    }
  }

  async #slowly(chunk: Buffer, outgoing: ServerResponse): Promise<void> {
    for (let at = 0; at < chunk.length && !outgoing.closed; ) {
      const length = this.#random.between(1, 40);
      outgoing.write(chunk.subarray(at, at + length));
      at += length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Resolves when a later reply has left, or after a while. */
  #overtaking(): Promise<void> {
    return new Promise((resolve) => {
      this.#overtaken.push(resolve);
      setTimeout(resolve, OVERTAKEN_MS);
    });
  }

  /** Returns the reply of another request, which gets this one; after a while this one. */
  #swapped(own: Buffer): Promise<Buffer> | Buffer {
    const other = this.#waiting;
    this.#waiting = undefined;
    if (other) return other(own);
    return new Promise((resolve) => {
      const waits = (theirs: Buffer): Buffer => {
        clearTimeout(timer);
        resolve(theirs);
        return own;
      };
      const timer = setTimeout(() => {
        if (this.#waiting === waits) this.#waiting = undefined;
        resolve(own);
      }, SWAP_MS);
      this.#waiting = waits;
    });
  }
}

function page(outgoing: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  outgoing.writeHead(status, { "content-type": "text/html", ...headers }).end(PAGE);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
