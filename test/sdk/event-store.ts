import type { Answer, Answers } from "./bare-server.ts";
import type { ServedResponse } from "./loopback.ts";

/** How a server answers a GET with `Last-Event-ID`. */
export type Resumption =
  /** Replays what came after that event, and sends what comes. */
  | "live"
  /** Replays what came after it, and nothing that comes later. */
  | "stored"
  /** Ends an event stream without a byte. */
  | "empty"
  /** Answers a page of a proxy. */
  | "page"
  | 204
  | 400
  | 401
  | 404
  | 405
  | 409
  | 500
  | 503;

/** The response streams of plain calls with their events, each under an id of its own. */
export class EventStore {
  /** What the next resumptions are answered with; the last one stays. */
  resumptions: Resumption[] = ["live"];
  /** The `Last-Event-ID` of each resumption, and its session. */
  readonly resumed: { readonly after: string; readonly sessionId: unknown }[] = [];
  readonly #events: { readonly id: string; readonly data: string }[] = [];
  readonly #responses: Set<ServedResponse> = new Set();
  #calls = 0;
  #made = 0;
  #callId: unknown;
  /** What the ids of its events begin with. */
  readonly #prefix: string;

  constructor(prefix = "event") {
    this.#prefix = prefix;
  }

  /** For a BareServer: the tool `plain` answers when the test has it {@link reply}. */
  get answers(): Answers {
    const call: Answer = ({ id, response }) => {
      this.#calls++;
      this.#callId = id;
      response.writeHead(200, { "content-type": "text/event-stream" });
      this.#responses.add(response);
      this.#emit("");
      return undefined;
    };
    const get: Answer = ({ http, response }) => {
      const after = http.headers["last-event-id"];
      if (after === undefined) return void response.writeHead(405).end();
      this.resumed.push({ after, sessionId: http.headers["mcp-session-id"] });
      const [how = "live"] = this.resumptions;
      if (this.resumptions.length > 1) this.resumptions.shift();
      if (typeof how === "number") return void response.writeHead(how).end();
      if (how === "page")
        return void response.writeHead(200, { "content-type": "text/html" }).end("<p>hello");
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      if (how === "empty") return void response.end();
      const from = this.#events.findIndex(({ id }) => id === after);
      for (const event of this.#events.slice(from + 1)) write(response, event);
      if (how === "live") this.#responses.add(response);
      return undefined;
    };
    return { "tools/call": call, GET: get };
  }

  /** How often the tool was called. */
  get calls(): number {
    return this.#calls;
  }

  send(message: object): void {
    this.#emit(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  progress(progressToken: unknown, progress: number): void {
    this.send({ method: "notifications/progress", params: { progressToken, progress } });
  }

  /** Answers the latest call. */
  reply(body: object): void {
    this.send({ id: this.#callId, ...body });
  }

  /** Breaks the connections, as a proxy or a network does. */
  cut(): void {
    for (const response of this.#responses) response.destroy();
    this.#responses.clear();
  }

  #emit(data: string): void {
    const event = { id: `${this.#prefix}-${++this.#made}`, data };
    this.#events.push(event);
    for (const response of this.#responses) write(response, event);
  }
}

function write(response: ServedResponse, { id, data }: { readonly id: string; readonly data: string }): void {
  response.write(`id: ${id}\ndata: ${data}\n\n`);
}
