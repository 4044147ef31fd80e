import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { type Generation, protocolOf } from "../../src/protocol/registry.ts";
import type { TaskReading } from "../../src/protocol/task-reading.ts";
import { isTerminal } from "../../src/protocol/task-snapshot.ts";
import type { Exchange, Host, Message, Stream } from "./exchange.ts";
import { malformedReply } from "./malformed.ts";
import type { Random } from "./random.ts";
import { SpoiltExchange } from "./spoilt-exchange.ts";

/** Replies that report the state of a task: gibberish in their place must not become a different outcome. */
const SPOILT: ReadonlySet<string> = new Set([
  "tasks/get",
  "tasks/result",
  "tasks/cancel",
  "tasks/update",
  "tools/list",
  "subscriptions/listen",
]);

/** A server that talks nonsense while it is mad: its replies are mutated, and it sends malformed messages. */
export class Gibberish implements Host {
  readonly #host: Host;
  readonly #random: Random;
  readonly #generation: Generation;
  readonly #streams: Set<Stream> = new Set();
  mad = false;
  /** How many messages made no sense. */
  count = 0;
  /** How many replies about each task were spoilt. */
  readonly spoilt: Map<string, number> = new Map();
  /** The ids of questions that it also asked in other words. */
  readonly garbledIds: Set<string> = new Set();

  constructor(host: Host, random: Random, generation: Generation) {
    this.#host = host;
    this.#random = random;
    this.#generation = generation;
  }

  receive(exchange: Exchange): void {
    const { method = "", id } = exchange.message;
    if (!this.mad || id === undefined || !SPOILT.has(method)) return this.#host.receive(exchange);
    this.babble(exchange);
    const taskId = String(exchange.message.params?.taskId);
    const spoil = (spoilt: Exchange, result: unknown): void => {
      this.count++;
      this.spoilt.set(taskId, (this.spoilt.get(taskId) ?? 0) + 1);
      if (this.#random.chance(0.1)) return spoilt.blurt(nonsense(this.#random, 2));
      const mutated = mutate(this.#random, result);
      const harmless = result !== undefined && this.#isHarmless(method, spoilt.message, mutated, result);
      if (harmless) spoilt.reply(mutated);
      else spoilt.blurt(malformedReply(this.#random, id));
    };
    this.#host.receive(new SpoiltExchange(exchange, spoil, (message) => this.#garbled(message)));
  }

  listen(stream: Stream): boolean {
    this.#streams.add(stream);
    return this.#host.listen(stream);
  }

  /** Sends something senseless on this stream and all that are open. */
  babble(stream?: Stream): void {
    for (const open of stream ? [stream, ...this.#streams] : this.#streams) {
      if (!this.#random.chance(0.3)) continue;
      this.count++;
      open.push(this.#message());
    }
  }

  /** Returns the server's next message, garbled; undefined if a client could take it for a valid one. */
  #garbled(message: Message): Message | undefined {
    const params = mutate(this.#random, message.params);
    const garbled = { ...message, params } as Message;
    try {
      const reading = protocolOf(this.#generation).decodeNotification(String(message.method), params);
      if (reading && !isHarmless(reading, message.params)) return undefined;
    } catch {
      // All the better.
    }
    this.count++;
    this.garbledIds.add(String(message.id));
    return garbled;
  }

  #message(): Message {
    const random = this.#random;
    const params = random.chance(0.7)
      ? { taskId: nonsense(random, 1), ...fields(random) }
      : nonsense(random, 3);
    const message: { [field: string]: unknown } = {
      jsonrpc: random.chance(0.8) ? "2.0" : nonsense(random, 0),
      method: random.pick<unknown>([
        "notifications/tasks",
        "notifications/tasks/status",
        "notifications/progress",
        "notifications/subscriptions/acknowledged",
        "notifications/tools/list_changed",
        "elicitation/create",
        "sampling/createMessage",
        "ping",
        "no/such/method",
        7,
        undefined,
      ]),
      params,
      ...(random.chance(0.3) && { id: nonsense(random, 1) }),
      ...(random.chance(0.1) && { result: nonsense(random, 2) }),
      ...(random.chance(0.1) && { error: nonsense(random, 2) }),
    };
    return message as unknown as Message;
  }

  /**
   * A reply that can still be read may say less than the true one, but nothing else of how the task
   * ends or when it expires: no client could know better than to believe it.
   */
  #isHarmless(method: string, { params = {} }: Message, result: unknown, truth: unknown): boolean {
    const protocol = protocolOf(this.#generation);
    const taskId = String(params.taskId);
    try {
      switch (method) {
        case "tasks/get":
          return isHarmless(protocol.decodeGet(taskId, result), truth);
        case "tasks/cancel":
          protocol.decodeCancel(taskId, result);
          return false;
        case "tasks/result":
          protocol.decodeResult?.(result);
          return false;
        default:
          return true;
      }
    } catch {
      return true;
    }
  }
}

/** Neither over, nor with another end of its life, nor of another time than it truly is, nor with other questions. */
function isHarmless({ snapshot, inputRequests = [] }: TaskReading, truth: unknown): boolean {
  if (isTerminal(snapshot.status) || snapshot.ttlMs !== null || inputRequests.length > 0) return false;
  return isObject(truth) && snapshot.lastUpdatedAt === truth.lastUpdatedAt;
}

/** The value with something in it changed, left out, or put in. */
function mutate(random: Random, value: unknown): unknown {
  if (Array.isArray(value)) {
    if (value.length === 0 || random.chance(0.2)) return nonsense(random, 1);
    const index = random.between(0, value.length - 1);
    return value.map((entry: unknown, at) => (at === index ? mutate(random, entry) : entry));
  }
  if (!isObject(value)) return nonsense(random, 2);
  const keys = Object.keys(value);
  const key = keys.length > 0 ? keys[random.between(0, keys.length - 1)] : undefined;
  if (key === undefined || random.chance(0.1)) return nonsense(random, 2);
  const { [key]: field, ...rest } = value;
  if (random.chance(0.3)) return rest;
  return { ...value, [key]: random.chance(0.5) ? nonsense(random, 2) : mutate(random, field) };
}

/** Any JSON at all, so deep. */
function nonsense(random: Random, depth: number): unknown {
  const leaf = random.pick<unknown>([
    null,
    true,
    false,
    0,
    -1,
    1.5,
    2 ** 53,
    1e308,
    "",
    "working",
    "completed\u0000",
    "__proto__",
    "2026-13-45T99:99:99Z",
    "\ud800",
  ]);
  if (depth === 0 || random.chance(0.4)) return leaf;
  if (random.chance(0.4))
    return Array.from({ length: random.between(0, 3) }, () => nonsense(random, depth - 1));
  return fields(random, depth);
}

function fields(random: Random, depth = 1): JsonObject {
  const names = [
    "taskId",
    "status",
    "ttl",
    "ttlMs",
    "result",
    "error",
    "inputRequests",
    "content",
    "_meta",
    "toString",
  ];
  const count = random.between(0, 4);
  return Object.fromEntries(
    Array.from({ length: count }, () => [
      random.pick(names as [string, ...string[]]),
      nonsense(random, depth - 1),
    ]),
  );
}
