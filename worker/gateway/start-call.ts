import type { JsonObject, TaskRecord, TaskView } from "holdfast";
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
import { readTraceContext, type TraceContext } from "../../src/protocol/trace-context.ts";
import { limitsOf } from "../config/limits.ts";
import { fingerprint } from "../directory/fingerprint.ts";
import type { NotAdmitted } from "../directory/principal-directory-rpc.ts";
import type { CallReply, GatewayCall, HeldCall } from "../group/gateway-group-rpc.ts";
import type { Caller, CallerEndpoint } from "./caller.ts";
import { budgetWithin } from "./client-limits.ts";
import { listOf } from "./endpoint-requests.ts";
import { borrowed, isHeldNow, lentCall, spareCalls, stored, takeMade } from "./lent-calls.ts";
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
  /** The caller's trace, which the calls of the server belong to as well. */
  readonly trace?: TraceContext | undefined;
}

/** Reads what the `_meta` of a call says to the gateway. */
export function wantedBy(meta: unknown): Pick<WantedCall, "idempotencyKey" | "trace"> {
  return { idempotencyKey: idempotencyKeyIn(meta), trace: readTraceContext(meta) };
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

/** Starts a call, and returns its task: when there is a handle, a question or an outcome, or when `waitMs` are over. */
export async function startCall(at: CallerEndpoint, call: WantedCall, waitMs: number): Promise<TaskView> {
  const asked = await askOf(at, call, waitMs);
  const reply = await at.first.call(at.identity(0), asked);
  if (reply.kind !== "joined" && reply.kind !== "waiting") return taskStarted(at, asked, reply);
  throw new Error("A call that joins no other has joined one");
}

/** What the group of the endpoint is asked. Throws an RpcError for arguments that are too long. */
async function askOf(at: CallerEndpoint, call: WantedCall, waitMs: number): Promise<GatewayCall> {
  const { env, settings } = at.caller;
  const { tool, arguments: args, idempotencyKey, trace } = call;
  const limits = limitsOf(env);
  const { argumentBytes, shardCeiling, shardBytes } = limits;
  const text = JSON.stringify(args);
  if (new TextEncoder().encode(text).byteLength > argumentBytes)
    throw invalidParams(argumentsTooLong(argumentBytes));
  return {
    call: { tool, arguments: args, timeoutMs: settings.holdMs, ...(trace && { trace }) },
    admission: {
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
    },
    waitMs,
  };
}

/** The task of a call that was started; where another group has room, it is started there. Throws an RpcError. */
async function taskStarted(
  at: CallerEndpoint,
  { call, waitMs }: GatewayCall,
  reply: Exclude<CallReply, { readonly kind: "joined" | "waiting" }>,
): Promise<TaskView> {
  if (reply.kind === "refused") throw notAdmitted(reply.refusal);
  const started =
    reply.kind === "started"
      ? reply.reply
      : await at.group(reply.shard).start(at.identity(reply.shard), { ...call, id: reply.id }, waitMs);
  if (started.ok) return started.value;
  const { code, detail, retryAfterMs } = started.problem;
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
  readonly #waiter: Waiter;
  readonly #began: number = Date.now();
  #heldMade: Promise<HeldCall> | undefined;
  /** The task, once there is one. */
  #id: string | undefined;
  /** Whether anybody can join it: there is something to release. */
  #isHeld = false;
  /** The client has hung up, and its group knows. */
  #hasGone = false;
  /** The record of a call that this isolate made: only a client that hangs up needs it. */
  #unstored: TaskRecord | undefined;

  constructor(at: CallerEndpoint, call: WantedCall, waiter: Waiter) {
    this.#at = at;
    this.#call = call;
    this.#waiter = waiter;
  }

  /** Most calls that an isolate makes need no name. */
  #held(): Promise<HeldCall> {
    this.#heldMade ??= heldCall(this.#at, this.#call, this.#waiter, this.#began);
    return this.#heldMade;
  }

  /** Joins the task of the same call whose result nobody has had, or starts one. */
  async begin(waitMs: number, signal: AbortSignal): Promise<BegunCall> {
    const at = this.#at;
    const budgetMs = at.caller.budgetMs(at);
    const firstLookMs = Math.min(waitMs, budgetMs);
    // Who sends a key joins by that.
    if (at.caller.settings.joinWindowMs === 0 || this.#call.idempotencyKey !== undefined)
      return { task: await startCall(at, this.#call, firstLookMs), budgetMs };
    const lent = await lentCall(at, this.#call, async () => (await this.#held()).key);
    if (lent) {
      this.#unstored = lent.unstored;
      this.#id = lent.view.id;
      return { task: lent.view, budgetMs };
    }
    const hungUp = (): void => void this.end(undefined).catch(() => undefined);
    // Before the first look is over, too: a call that comes again finds this one.
    signal.addEventListener("abort", hungUp, { once: true });
    try {
      return await this.#begun(firstLookMs, budgetMs, signal);
    } finally {
      signal.removeEventListener("abort", hungUp);
    }
  }

  /** Calls made before that time have no task any more, in ms since 1970. */
  get #since(): number {
    return this.#began - TTL_MS;
  }

  /**
   * A client that calls again in its session while the same call is waited for may have hung up a moment ago: then that shows
   * soon. Otherwise it wants two, which are one where the tool's effect is the same.
   */
  async #begun(waitMs: number, budgetMs: number, signal: AbortSignal): Promise<BegunCall> {
    const at = this.#at;
    const { first } = at;
    const since = this.#since;
    const held = await this.#held();
    const asked = await askOf(at, this.#call, waitMs);
    let shared: boolean | undefined;
    for (;;) {
      const isOver = Date.now() > this.#began + NOTICED_MS && shared === false;
      const wait = { held, since, ...(!isOver && { joins: { since, shared: shared ?? false } }) };
      this.#isHeld = true;
      const reply = await first.call(at.identity(0), {
        ...asked,
        wait,
        lent: { spare: spareCalls(at), made: takeMade(at) },
      });
      switch (reply.kind) {
        case "joined": {
          const task = await this.#joinable(reply.id);
          if (!task) break;
          this.#id = task.id;
          return { task, budgetMs: budgetAfter(reply.gaveUpAfterMs, budgetMs) };
        }
        case "waiting":
          shared ??= await isRepeatable(at, this.#call.tool);
          if (!shared) await scheduler.wait(LOOK_MS, { signal });
          break;
        case "started":
        case "elsewhere":
        case "refused": {
          this.#isHeld = false;
          if (reply.kind === "started" && reply.lease) borrowed(at, this.#call.tool, reply.lease);
          const task = await taskStarted(at, asked, reply);
          this.#id = task.id;
          if (!task.outcome) {
            this.#isHeld = true;
            isHeldNow(at, held.key);
            if (reply.kind === "elsewhere") await first.hold(held, task.id, since);
          }
          return { task, budgetMs };
        }
      }
    }
  }

  /** The task, while it runs and for some time after. A later call is a new one. */
  async #joinable(id: string): Promise<TaskView | undefined> {
    const { caller, first } = this.#at;
    const task = await caller.groupOfTask(id)?.task(id);
    const { settledAt = Number.POSITIVE_INFINITY } = task ?? {};
    if (task && settledAt >= this.#began - caller.settings.joinWindowMs) return task;
    await first.delivered(id);
    return undefined;
  }

  /** @param answered What the client received. `undefined` if it has hung up. */
  async end(answered: "result" | "running" | undefined): Promise<void> {
    const isFirst = !this.#hasGone;
    this.#hasGone ||= answered === undefined;
    // Its stub costs a digest: it is made where it is needed.
    const at = this.#at;
    // It hung up after its first look, with the answer on its way.
    if (this.#hasGone && isFirst && !this.#isHeld && this.#id !== undefined) {
      const held = await this.#held();
      isHeldNow(at, held.key);
      if (this.#unstored) await stored(at, [this.#unstored]);
      await at.first.hold(held, this.#id, this.#since);
    } else if (!this.#isHeld) return;
    const { hold } = await this.#held();
    if (answered === "running") await at.first.release(hold, { kind: "told" });
    else await at.first.release(hold, answered ? { kind: "delivered" } : { kind: "gone", at: Date.now() });
  }
}

async function heldCall(
  at: CallerEndpoint,
  { tool, arguments: args }: WantedCall,
  waiter: Waiter,
  began: number,
): Promise<HeldCall> {
  const [hold, key, session] = await Promise.all([
    holdOf(waiter),
    // Whose it is, the group knows. Clients that open a session for each request call again from another one.
    fingerprint([tool, args]),
    fingerprint(waiter.session),
  ]);
  return { hold, key, session, at: began, until: began + at.caller.budgetMs(at) + GRACE_MS };
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
