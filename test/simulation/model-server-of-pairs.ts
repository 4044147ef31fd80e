import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { INVALID_PARAMS, METHOD_NOT_FOUND } from "../../src/protocol/json-rpc.ts";
import type { Exchange, Host, Message } from "./exchange.ts";
import type { ServerSetting } from "./model-server.ts";
import { ModelServer2026 } from "./model-server-2026.ts";
import { asReading, asTasks, asToolResult, pairTools, toolResult } from "./pair-words.ts";
import type { WireEvents } from "./simulated-transport.ts";
import type { Tab } from "./tab.ts";

/**
 * A server that knows no Tasks and offers long work as start/get pairs. Its jobs are the tasks of a 2026-07-28 server, behind
 * other words: the same checks hold for both.
 */
export class ModelServerOfPairs extends ModelServer2026 implements Host {
  /** The generation it speaks for everything else. */
  readonly generation: "2025-11-25" | "2026-07-28";
  readonly #sessions: Set<string> = new Set();
  #sessionsMade = 0;
  #tool = "";

  constructor(setting: ServerSetting) {
    super({ ...setting, asksFirst: false });
    this.generation = this.random.fork("pairs").pick(["2025-11-25", "2026-07-28"]);
  }

  /** Its jobs are named by their tool, too, so that a task of the client's has the same name. */
  protected override get name(): string {
    return `${this.#tool}/modern`;
  }

  override restart(): void {
    super.restart();
    this.#sessions.clear();
  }

  override receive(exchange: Exchange): void {
    super.receive(new PairedExchange(exchange));
  }

  protected override isForgotten({ sessionId, message }: Exchange): boolean {
    if (this.generation !== "2025-11-25" || message.method === "initialize") return false;
    if (sessionId !== undefined && this.#sessions.has(sessionId)) return false;
    this.happened("request in a lost session");
    return true;
  }

  protected override serve(exchange: Exchange, method: string, params: JsonObject): void {
    switch (method) {
      case "initialize": {
        if (this.generation === "2026-07-28") break;
        const sessionId = `pairs-${++this.#sessionsMade}`;
        this.#sessions.add(sessionId);
        exchange.begin(sessionId);
        const serverInfo = { name: "pairs", version: "1" };
        return exchange.reply({ protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo });
      }
      case "server/discover":
        if (this.generation === "2026-07-28") break;
        return exchange.fail(METHOD_NOT_FOUND, "Method not found");
      case "ping":
        return exchange.reply({});
      case "tools/call":
        this.#tool = String(params.name);
        break;
      case "tasks/list":
        this.happened("list tool");
        return exchange.reply(toolResult({ jobs: this.#jobs() }));
    }
    super.serve(exchange, method, params);
  }

  protected override toolDefinitions(): readonly JsonObject[] {
    return pairTools();
  }

  #jobs(): readonly JsonObject[] {
    return [...this.tasks.values()].map((task) => {
      const [, job] = task.id.split("/");
      return { job, tag: task.tag, at: this.timeFields(task).createdAt };
    });
  }
}

/** An exchange whose request is put, and whose reply is read, in the words of Tasks. */
class PairedExchange implements Exchange {
  readonly message: Message;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.message = asTasks(exchange.message);
  }

  get sessionId(): string | undefined {
    return this.#exchange.sessionId;
  }

  get open(): boolean {
    return this.#exchange.open;
  }

  reply(result: unknown): void {
    this.#exchange.reply(isObject(result) ? asToolResult(this.message, result) : result);
  }

  fail(code: number, message: string): void {
    const { method = "" } = this.message;
    if (code !== INVALID_PARAMS || !method.startsWith("tasks/")) return this.#exchange.fail(code, message);
    this.#exchange.reply({ ...toolResult({ error: "Job not found" }), isError: true });
  }

  blurt(body: unknown): void {
    this.#exchange.blurt(body);
  }

  refuse(status: number, retryAfterMs?: number): void {
    this.#exchange.refuse(status, retryAfterMs);
  }

  accept(): void {
    this.#exchange.accept();
  }

  hangUp(): void {
    this.#exchange.hangUp();
  }

  begin(sessionId: string): void {
    this.#exchange.begin(sessionId);
  }

  push(message: Message): void {
    this.#exchange.push(message);
  }

  onClosed(closed: () => void): void {
    this.#exchange.onClosed(closed);
  }
}

/** The events of a wire to such a server, in the words of Tasks. */
export class PairedEvents implements WireEvents {
  readonly #events: WireEvents;

  constructor(events: WireEvents) {
    this.#events = events;
  }

  leaving(tab: Tab, endpoint: string, message: Message): void {
    this.#events.leaving(tab, endpoint, asTasks(message));
  }

  answered(tab: Tab, endpoint: string, request: Message, response: Message): void {
    this.#events.answered(tab, endpoint, asTasks(request), asReading(request, response));
  }

  taken(tab: Tab, endpoint: string, message: Message): void {
    this.#events.taken(tab, endpoint, message);
  }

  unanswered(tab: Tab, endpoint: string, request: Message, error: Error | undefined): void {
    this.#events.unanswered(tab, endpoint, asTasks(request), error);
  }

  arrived(tab: Tab, endpoint: string, message: Message): void {
    this.#events.arrived(tab, endpoint, message);
  }

  crash(tab: Tab, moment: string): void {
    this.#events.crash(tab, moment);
  }

  happened(what: string): void {
    this.#events.happened(what);
  }
}
