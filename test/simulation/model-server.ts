import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { INVALID_PARAMS } from "../../src/protocol/json-rpc.ts";
import type { Agenda } from "./agenda.ts";
import { EPOCH } from "./agenda.ts";
import type { EventLog } from "./event-log.ts";
import type { Exchange, Host, Stream } from "./exchange.ts";
import { KeptKeys } from "./kept-keys.ts";
import type { Execution, Ledger } from "./ledger.ts";
import { malformedReply } from "./malformed.ts";
import type { Random } from "./random.ts";
import { drawQuirks, type ServerQuirks, sparse, statedTtl } from "./server-quirks.ts";
import { ServerTask } from "./server-task.ts";
import { SpoiltExchange } from "./spoilt-exchange.ts";
import type { Say } from "./trace.ts";
import type { Weather } from "./weather.ts";
import { drawPlan } from "./work-plan.ts";

/** Notes under this tag are about no call in particular. */
export const ANY_CALL = "any call";

export interface ServerSetting {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly weather: Weather;
  readonly ledger: Ledger;
  readonly happened: (what: string) => void;
  readonly trace: Say;
  /** Tasks outlive their TTL, as a server may let them. */
  readonly keepsTasks?: boolean;
  /** Whether it may ask before it decides on a call (2026-07-28). By default it does. */
  readonly asksFirst?: boolean;
  /** It does the work of an idempotency key once. */
  readonly keepsKeys?: boolean;
  /** By default they are drawn. */
  readonly quirks?: ServerQuirks;
  /** Its event store. */
  readonly events?: EventLog | undefined;
  /** Whether a client has an unfinished record of the call of this tag: then the id of its task is not used again. */
  readonly isAwaited?: (tag: string) => boolean;
}

/** The tools both servers have. Their names say what `tools/list` says of them. */
export const TOOLS = {
  required: { taskSupport: "required", repeatable: false },
  optional: { taskSupport: "optional", repeatable: false },
  harmless: { taskSupport: "optional", repeatable: true },
  plain: { taskSupport: "forbidden", repeatable: false },
} as const;

export type ToolName = keyof typeof TOOLS;

/** What the servers of both generations have in common: tasks that follow their plans, and faults. */
export abstract class ModelServer implements Host {
  protected readonly agenda: Agenda;
  protected readonly random: Random;
  protected readonly weather: Weather;
  protected readonly ledger: Ledger;
  protected readonly happened: (what: string) => void;
  protected readonly trace: Say;
  protected readonly tasks: Map<string, ServerTask> = new Map();
  /** How far this server's clock is from ours, in ms. */
  readonly #skewMs: number;
  readonly #wholeSeconds: boolean;
  readonly #keepsTasks: boolean;
  protected readonly quirks: ServerQuirks;
  readonly #isAwaited: (tag: string) => boolean;
  readonly events: EventLog | undefined;
  readonly #keys: KeptKeys | undefined;
  readonly #usedIds: Set<string> = new Set();
  /** By moment: most replies repeat those of the reply before. */
  readonly #stamps: Map<number, string> = new Map();
  #made = 0;

  constructor(setting: ServerSetting) {
    this.agenda = setting.agenda;
    this.random = setting.random;
    this.weather = setting.weather;
    this.ledger = setting.ledger;
    this.happened = setting.happened;
    this.trace = setting.trace;
    this.#skewMs = this.random.chance(0.5) ? 0 : this.random.between(-120_000, 120_000);
    this.#wholeSeconds = this.random.chance(0.3);
    this.#keepsTasks = setting.keepsTasks ?? false;
    this.events = setting.events;
    this.#isAwaited = setting.isAwaited ?? (() => false);
    const quirks = setting.quirks ?? drawQuirks(this.random.fork("quirks"));
    this.#keys = setting.keepsKeys ? new KeptKeys() : undefined;
    // A reply that is repeated names a task that the server still has.
    this.quirks = this.#keys ? { ...quirks, forgetsTasks: false } : quirks;
  }

  abstract listen(stream: Stream): boolean;
  /** Carries a request out. */
  protected abstract serve(exchange: Exchange, method: string, params: JsonObject): void;
  /** Takes what needs no reply: a notification, or the answer to a request of ours. */
  protected abstract take(exchange: Exchange): void;
  protected abstract changed(task: ServerTask): void;
  /** HTTP 404: the request belongs to a session this server does not have. */
  protected abstract isForgotten(exchange: Exchange): boolean;

  receive(exchange: Exchange): void {
    const { method, id, params = {} } = exchange.message;
    const tag = this.tagOf(params);
    if (this.isForgotten(exchange)) {
      this.happened("request in a lost session");
      if (tag !== undefined) this.ledger.note(tag, `${method}: HTTP 404`);
      return exchange.refuse(404);
    }
    if (this.weather.serverFails()) {
      const spoilt = this.#failure(exchange, method ?? "response", tag);
      if (!spoilt) return;
      exchange = spoilt;
    }
    const delay = this.weather.calm ? 1 : this.random.pick([0, 1, 5, 300]);
    this.agenda.after(delay, () => {
      if (method === undefined || id === undefined) this.take(exchange);
      else this.#carryOut(exchange, method, params);
    });
  }

  #carryOut(exchange: Exchange, method: string, params: JsonObject): void {
    const once = method === "tools/call" && this.#keys ? this.#keys.admit(exchange, params) : exchange;
    if (once) this.serve(once, method, params);
    else this.happened("repeated key");
  }

  get settled(): boolean {
    return [...this.tasks.values()].every(({ ended }) => ended);
  }

  protected execute(tag: string, taskId: string | undefined): Execution {
    const execution = this.ledger.execute(tag, taskId);
    this.trace?.(`server: executes ${tag} ${taskId ?? "plainly"}`);
    return execution;
  }

  protected createTask(tag: string): ServerTask {
    const id = this.#newTaskId();
    const plan = drawPlan(this.random.fork(`${tag}/${this.#made}`));
    const task = new ServerTask(id, this.execute(tag, id), plan, this.agenda, {
      changed: (changed) => {
        this.trace?.(
          `server: ${changed.id} is ${changed.status} [${changed.openQuestions.map(({ key }) => key)}]`,
        );
        if (changed.ended) this.ledger.note(tag, changed.status);
        this.changed(changed);
      },
      deleted: (deleted) => {
        if (this.#keepsTasks) return false;
        this.trace?.(`server: deletes ${deleted.id}`);
        this.happened("task deleted after its TTL");
        this.tasks.delete(deleted.id);
        return true;
      },
      ttl: (_task, ttlMs) => this.ledger.giveTtl(tag, statedTtl(this.quirks, ttlMs)),
    });
    this.tasks.set(id, task);
    task.start();
    return task;
  }

  protected abstract readonly name: string;

  /** A restart. What is in memory only is gone. */
  restart(): void {
    if (!this.quirks.forgetsTasks || this.tasks.size === 0) return;
    this.happened("quirk: tasks forgotten");
    this.trace?.(`server: forgets ${[...this.tasks.keys()].join(" ")}`);
    for (const task of this.tasks.values()) {
      task.forget();
      this.ledger.note(task.tag, "unknown task");
      this.ledger.note(task.tag, "forgotten");
    }
    this.tasks.clear();
    this.#made = 0;
  }

  /** If an id were used again, the checks could not distinguish requests about its earlier and its later task. */
  #newTaskId(): string {
    let id: string;
    do id = `${this.name}-${++this.#made}`;
    while (this.#isAwaited(this.ledger.tagOfTask(id) ?? ""));
    if (this.#usedIds.has(id)) this.happened("quirk: task id used again");
    this.#usedIds.add(id);
    return id;
  }

  /** Finds the task a request names, or fails the request as the specifications say. */
  protected taskOf(exchange: Exchange, params: JsonObject): ServerTask | undefined {
    const task = typeof params.taskId === "string" ? this.tasks.get(params.taskId) : undefined;
    if (!task) {
      const tag = this.tagOf(params);
      if (tag !== undefined) this.ledger.note(tag, "unknown task");
      this.happened("unknown task");
      exchange.fail(INVALID_PARAMS, "Failed to retrieve task: Task not found");
    }
    return task;
  }

  protected timeFields(task: ServerTask): { createdAt: string; lastUpdatedAt: string } {
    const { movingStamps, nodesMs } = this.quirks;
    if (movingStamps !== "none") this.happened(`quirk: moving stamps (${movingStamps})`);
    if (nodesMs.length > 1) this.happened("quirk: clocks of several nodes");
    const { now } = this.agenda;
    return {
      createdAt: this.#iso(movingStamps === "both" ? now : task.createdAt),
      lastUpdatedAt: this.#iso((movingStamps === "none" ? task.updatedAt : now) + this.random.pick(nodesMs)),
    };
  }

  /** The TTL that this server states, in ms. */
  protected ttlOf({ ttlMs }: ServerTask): number | null {
    const stated = statedTtl(this.quirks, ttlMs);
    if (stated !== ttlMs) this.happened(`quirk: wrong TTL (${this.quirks.ttl})`);
    return stated;
  }

  /** What a notification says of a task. */
  protected notificationOf(view: JsonObject): JsonObject {
    if (!this.quirks.sparseNotifications) return view;
    this.happened("quirk: notification lacks fields");
    return sparse(view, this.random);
  }

  protected toolPage(): JsonObject {
    const endless = this.quirks.repeats === "cursor";
    if (endless) this.happened("quirk: repeated cursor");
    return { tools: this.toolDefinitions(), ...(endless && { nextCursor: "again" }) };
  }

  /** The app's tag of the call a request is about. */
  protected tagOf(params: JsonObject): string | undefined {
    if (isObject(params.arguments) && typeof params.arguments.tag === "string") return params.arguments.tag;
    return typeof params.taskId === "string" ? this.ledger.tagOfTask(params.taskId) : undefined;
  }

  protected toolDefinitions(): readonly JsonObject[] {
    return Object.entries(TOOLS).map(([name, { taskSupport, repeatable }]) => ({
      name,
      inputSchema: { type: "object", properties: { tag: { type: "string" } } },
      execution: { taskSupport },
      ...(repeatable && { annotations: { idempotentHint: true } }),
    }));
  }

  /** Fails the request; or gives an exchange to carry it out on, whose reply will be spoilt. */
  #failure(exchange: Exchange, method: string, tag: string | undefined): Exchange | undefined {
    const note = (what: string): void => {
      this.happened(what);
      if (tag !== undefined) this.ledger.note(tag, `${method}: ${what}`);
    };
    const answerable = exchange.message.id !== undefined && exchange.message.method !== undefined;
    switch (this.random.between(0, 7)) {
      case 0:
        note("HTTP 429");
        exchange.refuse(429, this.random.pick([undefined, 1_000, 5_000, 30_000]));
        return undefined;
      case 1: {
        const retryAfterMs = this.random.pick([undefined, 2_000, 20_000]);
        note("HTTP 503");
        exchange.refuse(503, retryAfterMs);
        return undefined;
      }
      case 2:
        note("HTTP 500");
        exchange.refuse(500);
        return undefined;
      case 3:
        note("HTTP 502");
        return new SpoiltExchange(exchange, (spoilt) => spoilt.refuse(502));
      case 4:
        note("HTTP 401");
        // A session is made anew for whatever call needs it.
        this.ledger.note(ANY_CALL, "HTTP 401");
        exchange.refuse(401);
        return undefined;
      case 5:
        if (!answerable) return exchange;
        note("rpc -32603 Internal error");
        this.ledger.note(ANY_CALL, `${method}: rpc -32603 Internal error`);
        exchange.fail(-32603, "Internal error");
        return undefined;
      case 6:
        if (!answerable || method === "initialize") return exchange;
        note("malformed");
        return new SpoiltExchange(exchange, (spoilt) =>
          spoilt.blurt(malformedReply(this.random, spoilt.message.id)),
        );
      default:
        note("stream ended early");
        return new SpoiltExchange(exchange, (spoilt) => spoilt.hangUp());
    }
  }

  #iso(moment: number): string {
    const known = this.#stamps.get(moment);
    if (known !== undefined) return known;
    const text = new Date(EPOCH + moment + this.#skewMs).toISOString();
    const stamp = this.#wholeSeconds ? text.replace(/\.\d+Z$/, "Z") : text;
    this.#stamps.set(moment, stamp);
    return stamp;
  }
}

/** The result an execution has, whatever it travels in. */
export function resultOf({ proof }: Execution, isError: boolean): JsonObject {
  return { content: [{ type: "text", text: proof }], structuredContent: { proof }, isError };
}
