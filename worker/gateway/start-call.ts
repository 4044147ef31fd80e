import type { JsonObject, TaskView } from "holdfast";
import { jsonWeight } from "holdfast/durable-object";
import { isObject } from "../../front/client-capabilities.ts";
import {
  argumentsTooLong,
  KEY_OF_ANOTHER_CALL,
  KEY_OF_DELETED_TASK,
  notSent,
  TOO_MANY,
} from "../../front/messages.ts";
import { INTERNAL_ERROR, invalidParams, REFUSED, RpcError } from "../../front/rpc-error.ts";
import { TTL_MS } from "../../front/task-times.ts";
import { limitsOf } from "../config/limits.ts";
import type { NotAdmitted } from "../directory/principal-directory-rpc.ts";
import type { HeldCall } from "../group/gateway-group-rpc.ts";
import { fingerprint } from "../principal/fingerprint.ts";
import type { Caller, CallerEndpoint } from "./caller.ts";
import { budgetWithin } from "./client-limits.ts";
import { listOf } from "./endpoint-requests.ts";
import { TOOLS } from "./lists.ts";
import { ATTENTIVE_MS } from "./message-stream.ts";

/** A wait is over for certain so long after its budget, in ms. */
const GRACE_MS = 5_000;
/** How long it may take until it is noticed that a client has hung up, in ms, and how often it is looked for. */
const NOTICED_MS = 5 * ATTENTIVE_MS;
const LOOK_MS = 100;
/** A client that gives up sooner was stopped by a person, in ms: no client has a timeout that is so short. */
const SHORTEST_TIMEOUT_MS = 5_000;

const KEY_NAME = /^(.*\/)?idempotency-?key$/i;

export interface WantedCall {
  readonly tool: string;
  readonly arguments: JsonObject;
  /** By the caller's own key: a call with the same key is the same call, whatever became of it. */
  readonly idempotencyKey?: string | undefined;
}

/** Returns the key of `_meta.idempotencyKey`, under any prefix: the specification has no name for it. */
export function idempotencyKeyIn(meta: unknown): string | undefined {
  const [, key] = Object.entries(isObject(meta) ? meta : {}).find(([name]) => KEY_NAME.test(name)) ?? [];
  return typeof key === "string" && key !== "" ? key : undefined;
}

/** Whose waiting it is. */
export interface Waiter {
  /** The client's session, or what comes nearest to one. */
  readonly session: string;
  /** Names the request within it; without one nobody can call the wait off but by hanging up. */
  readonly request: string;
}

/** Starts a call, and gives its task: when there is a handle, a question or an outcome, or when `waitMs` are over. */
export async function startCall(at: CallerEndpoint, call: WantedCall, waitMs: number): Promise<TaskView> {
  const { caller } = at;
  const { tool, arguments: args, idempotencyKey } = call;
  const limits = limitsOf(caller.env);
  const { argumentBytes, shardCeiling, shardBytes } = limits;
  const text = JSON.stringify(args);
  if (new TextEncoder().encode(text).byteLength > argumentBytes)
    throw invalidParams(argumentsTooLong(argumentBytes));
  const admission = await caller.objects.directory.admit({
    endpoint: at.name,
    limits,
    shardCeiling,
    shardBytes,
    weight: jsonWeight(text),
    ...(idempotencyKey !== undefined && {
      // Keys of the HTTP API are others.
      idempotency: {
        key: `mcp:${await fingerprint(idempotencyKey)}`,
        fingerprint: await fingerprint([at.name, tool, args]),
      },
    }),
  });
  if (!admission.ok) throw notAdmitted(admission);
  const { id, shard } = admission;
  const started = { tool, arguments: args, id, timeoutMs: caller.settings.holdMs };
  const reply = await at.group(shard).start(at.identity(shard), started, waitMs);
  if (reply.ok) return reply.value;
  const { code, detail, retryAfterMs } = reply.problem;
  const message = code === "unknown-tool" ? detail : notSent(detail);
  const data = { code, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  throw new RpcError({ code: INTERNAL_ERROR, message, data });
}

function notAdmitted({ code, retryAfterMs }: NotAdmitted): RpcError {
  if (code === "idempotency-conflict") return invalidParams(KEY_OF_ANOTHER_CALL);
  if (code === "task-deleted") return invalidParams(KEY_OF_DELETED_TASK);
  const reason = TOO_MANY[code as keyof typeof TOO_MANY] ?? TOO_MANY["calls-a-minute"];
  const message = notSent(reason);
  return new RpcError({ code: REFUSED, message, data: { code, retryAfterMs } });
}

/** The task of a call, and how long its client is kept waiting, in ms. */
export interface BegunCall {
  readonly task: TaskView;
  readonly budgetMs: number;
}

/** A call whose client waits for it, so that the client finds it again should it give up and call once more. */
export class WaitedCall {
  readonly #at: CallerEndpoint;
  readonly #call: WantedCall;
  readonly #held: HeldCall;
  /** Whether anybody can join it: there is something to release. */
  #isHeld = false;

  private constructor(at: CallerEndpoint, call: WantedCall, held: HeldCall) {
    this.#at = at;
    this.#call = call;
    this.#held = held;
  }

  static async of(at: CallerEndpoint, call: WantedCall, waiter: Waiter): Promise<WaitedCall> {
    const now = Date.now();
    return new WaitedCall(at, call, {
      hold: await holdOf(waiter),
      // Whose it is, the group knows. Clients that open a session for each request call again from another one.
      key: await fingerprint([call.tool, call.arguments]),
      session: await fingerprint(waiter.session),
      at: now,
      until: now + at.caller.budgetMs(at) + GRACE_MS,
    });
  }

  /** Joins the task of the same call whose result nobody has had, or starts one. */
  async begin(waitMs: number, signal: AbortSignal): Promise<BegunCall> {
    const at = this.#at;
    const budgetMs = at.caller.budgetMs(at);
    const joins = at.caller.settings.joinWindowMs > 0 && this.#call.idempotencyKey === undefined;
    const joined = joins ? await this.#unfinished(signal) : undefined;
    if (joined) return { task: joined.task, budgetMs: budgetAfter(joined.gaveUpAfterMs, budgetMs) };
    const task = await startCall(at, this.#call, Math.min(waitMs, budgetMs));
    // Who sends a key joins by that.
    if (joins && !task.outcome) {
      this.#isHeld = true;
      await at.first.hold(this.#held, task.id, this.#since);
    }
    return { task, budgetMs };
  }

  /** Calls made before that time have no task any more, in ms since 1970. */
  get #since(): number {
    return this.#held.at - TTL_MS;
  }

  /**
   * The task of the same call. A client that calls again in its session may have hung up a moment ago: then that shows soon.
   * Otherwise it wants two, which are one where the tool's effect is the same.
   */
  async #unfinished(
    signal: AbortSignal,
  ): Promise<{ task: TaskView; gaveUpAfterMs: number | undefined } | undefined> {
    const { first } = this.#at;
    let shared: boolean | undefined;
    for (;;) {
      const joined = await first.join(this.#held, { since: this.#since, shared: shared ?? false });
      switch (joined.kind) {
        case "none":
          return undefined;
        case "joined": {
          const task = await this.#joinable(joined.id);
          if (!task) break;
          this.#isHeld = true;
          return { task, gaveUpAfterMs: joined.gaveUpAfterMs };
        }
        case "waiting":
          if (Date.now() > this.#held.at + NOTICED_MS) return undefined;
          shared ??= await isRepeatable(this.#at, this.#call.tool);
          if (!shared) await scheduler.wait(LOOK_MS, { signal });
      }
    }
  }

  /** The task, while it runs and for some time after. A later call is a new one. */
  async #joinable(id: string): Promise<TaskView | undefined> {
    const { caller, first } = this.#at;
    const task = await caller.groupOfTask(id)?.task(id);
    const { settledAt = Number.POSITIVE_INFINITY } = task ?? {};
    if (task && settledAt >= this.#held.at - caller.settings.joinWindowMs) return task;
    await first.delivered(id);
    return undefined;
  }

  /** @param answered What the client received. `undefined` if it has hung up. */
  async end(answered: "result" | "running" | undefined): Promise<void> {
    if (!this.#isHeld) return;
    const { first } = this.#at;
    const { hold } = this.#held;
    if (answered === "running") await first.release(hold, { kind: "told" });
    else await first.release(hold, answered ? { kind: "delivered" } : { kind: "gone", at: Date.now() });
  }
}

/** The budget for a task whose client gave up before, after so long: this time it is answered before it gives up. */
export function budgetAfter(gaveUpAfterMs: number | undefined, budgetMs: number): number {
  const timeoutMs = (gaveUpAfterMs ?? 0) - NOTICED_MS;
  return timeoutMs < SHORTEST_TIMEOUT_MS ? budgetMs : Math.min(budgetMs, budgetWithin(timeoutMs));
}

/** Whether the tool says that a second call changes nothing more (tools, "ToolAnnotations"). */
async function isRepeatable(at: CallerEndpoint, tool: string): Promise<boolean> {
  const tools = await listOf(at, TOOLS).catch(() => []);
  const { annotations } = tools.find(({ name }) => name === tool) ?? {};
  return isObject(annotations) && (annotations.readOnlyHint === true || annotations.idempotentHint === true);
}

/** The client took a call back: it has given up waiting for it. It does not say which endpoint's call it was. */
export async function calledOff(caller: Caller, waiter: Waiter): Promise<void> {
  const hold = await holdOf(waiter);
  const groups = caller.only ? [] : await caller.objects.directory.groups();
  const called = new Set(groups.map(({ endpoint }) => endpoint));
  const endpoints = caller.only ? [caller.only] : caller.endpoints.filter(({ name }) => called.has(name));
  await Promise.all(endpoints.map(({ first }) => first.release(hold, { kind: "gone", at: Date.now() })));
}

function holdOf({ session, request }: Waiter): Promise<string> {
  return fingerprint([session, request]);
}
