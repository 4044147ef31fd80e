import type { JsonObject, TaskView } from "holdfast";
import { jsonWeight } from "holdfast/durable-object";
import { argumentsTooLong, notSent, TOO_MANY } from "../../front/messages.ts";
import { INTERNAL_ERROR, invalidParams, REFUSED, RpcError } from "../../front/rpc-error.ts";
import { limitsOf } from "../config/limits.ts";
import type { NotAdmitted } from "../directory/principal-directory-rpc.ts";
import { readTaskId } from "../directory/task-id.ts";
import type { HeldCall } from "../group/gateway-group-rpc.ts";
import { fingerprint } from "../principal/fingerprint.ts";
import type { Caller, CallerEndpoint } from "./caller.ts";
import { ATTENTIVE_MS } from "./message-stream.ts";

/**
 * A wait is over for certain so long after its budget, in ms; and so long a call that was told to be running can be joined,
 * for a client that hung up at the last moment may not have been told.
 */
const GRACE_MS = 5_000;
/** How long it may take until it is noticed that a client has hung up, in ms, and how often it is looked for. */
const NOTICED_MS = 5 * ATTENTIVE_MS;
const LOOK_MS = 100;

export interface WantedCall {
  readonly tool: string;
  readonly arguments: JsonObject;
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
  const limits = limitsOf(caller.env);
  const { argumentBytes, shardCeiling, shardBytes } = limits;
  const text = JSON.stringify(call.arguments);
  if (new TextEncoder().encode(text).byteLength > argumentBytes)
    throw invalidParams(argumentsTooLong(argumentBytes));
  const admission = await caller.objects.directory.admit({
    endpoint: at.name,
    limits,
    shardCeiling,
    shardBytes,
    weight: jsonWeight(text),
  });
  if (!admission.ok) throw notAdmitted(admission);
  const { id, shard } = admission;
  const started = { ...call, id, timeoutMs: caller.settings.holdMs };
  const reply = await at.group(shard).start(at.identity(shard), started, waitMs);
  if (reply.ok) return reply.value;
  const { code, detail, retryAfterMs } = reply.problem;
  const message = code === "unknown-tool" ? detail : notSent(detail);
  const data = { code, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  throw new RpcError({ code: INTERNAL_ERROR, message, data });
}

function notAdmitted({ code, retryAfterMs }: NotAdmitted): RpcError {
  const reason = TOO_MANY[code as keyof typeof TOO_MANY] ?? TOO_MANY["calls-a-minute"];
  const message = notSent(reason);
  return new RpcError({ code: REFUSED, message, data: { code, retryAfterMs } });
}

/** A call whose client waits for it, so that the client finds it again should it give up and call once more. */
export class WaitedCall {
  readonly #at: CallerEndpoint;
  readonly #call: WantedCall;
  readonly #key: string;
  readonly #hold: string;
  /** Whether anybody can join it: there is something to release. */
  #held = false;

  private constructor(at: CallerEndpoint, call: WantedCall, key: string, hold: string) {
    this.#at = at;
    this.#call = call;
    this.#key = key;
    this.#hold = hold;
  }

  static async of(at: CallerEndpoint, call: WantedCall, waiter: Waiter): Promise<WaitedCall> {
    const key = await fingerprint([waiter.session, call.tool, call.arguments]);
    return new WaitedCall(at, call, key, await holdOf(waiter));
  }

  /** Joins the task the client gave up waiting for, or starts one. */
  async begin(waitMs: number, signal: AbortSignal): Promise<TaskView> {
    const { settings } = this.#at.caller;
    const { first } = this.#at;
    const at = Date.now();
    const since = at - settings.joinWindowMs;
    const held = { hold: this.#hold, key: this.#key, at };
    const id = settings.joinWindowMs > 0 ? await this.#abandoned(held, since, signal) : undefined;
    const shard = id === undefined ? undefined : readTaskId(id)?.shard;
    const joined = shard === undefined ? undefined : await this.#at.group(shard).task(id ?? "");
    if (joined) return joined;
    const task = await startCall(this.#at, this.#call, waitMs);
    this.#held ||= !task.outcome;
    if (!task.outcome) await first.hold(held, task.id, since);
    return task;
  }

  /** A client that calls again at once may have hung up a moment ago: then that shows soon. Otherwise it wants two. */
  async #abandoned(held: HeldCall, since: number, signal: AbortSignal): Promise<string | undefined> {
    const terms = { since, waitingSince: held.at - this.#at.caller.budgetMs(this.#at) - GRACE_MS };
    for (;;) {
      const joined = await this.#at.first.join(held, terms);
      this.#held ||= joined.kind === "joined";
      if (joined.kind === "joined") return joined.id;
      if (joined.kind === "none" || Date.now() > held.at + NOTICED_MS) return undefined;
      await scheduler.wait(LOOK_MS, { signal });
    }
  }

  /** @param answered What the client was told; nothing if it has hung up. */
  async end(answered: "result" | "running" | undefined): Promise<void> {
    if (!this.#held) return;
    const { first, caller } = this.#at;
    const at = Date.now() - caller.settings.joinWindowMs + GRACE_MS;
    if (answered === "running") await first.release(this.#hold, { kind: "told", at });
    else await first.release(this.#hold, { kind: answered ? "delivered" : "gone" });
  }
}

/** The client took a call back: it has given up waiting for it. It does not say which endpoint's call it was. */
export async function calledOff(caller: Caller, waiter: Waiter): Promise<void> {
  const hold = await holdOf(waiter);
  const groups = caller.only ? [] : await caller.objects.directory.groups();
  const called = new Set(groups.map(({ endpoint }) => endpoint));
  const endpoints = caller.only ? [caller.only] : caller.endpoints.filter(({ name }) => called.has(name));
  await Promise.all(endpoints.map(({ first }) => first.release(hold, { kind: "gone" })));
}

function holdOf({ session, request }: Waiter): Promise<string> {
  return fingerprint([session, request]);
}
