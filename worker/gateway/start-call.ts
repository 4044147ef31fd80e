import type { JsonObject, TaskView } from "holdfast";
import { jsonWeight } from "holdfast/durable-object";
import { argumentsTooLong, notSent, TOO_MANY } from "../../front/messages.ts";
import { INTERNAL_ERROR, invalidParams, REFUSED, RpcError } from "../../front/rpc-error.ts";
import { limitsOf } from "../config/limits.ts";
import type { NotAdmitted } from "../directory/principal-directory-rpc.ts";
import { readTaskId } from "../directory/task-id.ts";
import type { HeldCall } from "../group/gateway-group-rpc.ts";
import { fingerprint } from "../principal/fingerprint.ts";
import type { Caller } from "./caller.ts";
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
export async function startCall(caller: Caller, call: WantedCall, waitMs: number): Promise<TaskView> {
  const limits = limitsOf(caller.env);
  const { argumentBytes, shardCeiling, shardBytes } = limits;
  const text = JSON.stringify(call.arguments);
  if (new TextEncoder().encode(text).byteLength > argumentBytes)
    throw invalidParams(argumentsTooLong(argumentBytes));
  const endpoint = caller.endpoint.name;
  const admission = await caller.objects.directory.admit({
    endpoint,
    limits,
    shardCeiling,
    shardBytes,
    weight: jsonWeight(text),
  });
  if (!admission.ok) throw notAdmitted(admission);
  const { id, shard } = admission;
  const started = { ...call, id, timeoutMs: caller.settings.holdMs };
  const reply = await caller.group(shard).start(caller.identity(shard), started, waitMs);
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
  readonly #caller: Caller;
  readonly #call: WantedCall;
  readonly #key: string;
  readonly #hold: string;
  /** Whether anybody can join it: there is something to release. */
  #held = false;

  private constructor(caller: Caller, call: WantedCall, key: string, hold: string) {
    this.#caller = caller;
    this.#call = call;
    this.#key = key;
    this.#hold = hold;
  }

  static async of(caller: Caller, call: WantedCall, waiter: Waiter): Promise<WaitedCall> {
    const key = await fingerprint([waiter.session, call.tool, call.arguments]);
    return new WaitedCall(caller, call, key, await holdOf(waiter));
  }

  /** The client took its call back: it has given up waiting for it. */
  static async calledOff(caller: Caller, waiter: Waiter): Promise<void> {
    await caller.first.release(await holdOf(waiter), { kind: "gone" });
  }

  /** Joins the task the client gave up waiting for, or starts one. */
  async begin(waitMs: number, signal: AbortSignal): Promise<TaskView> {
    const { settings, first } = this.#caller;
    const at = Date.now();
    const since = at - settings.joinWindowMs;
    const held = { hold: this.#hold, key: this.#key, at };
    const id = settings.joinWindowMs > 0 ? await this.#abandoned(held, since, signal) : undefined;
    const shard = id === undefined ? undefined : readTaskId(id)?.shard;
    const joined = shard === undefined ? undefined : await this.#caller.group(shard).task(id ?? "");
    if (joined) return joined;
    const task = await startCall(this.#caller, this.#call, waitMs);
    this.#held ||= !task.outcome;
    if (!task.outcome) await first.hold(held, task.id, since);
    return task;
  }

  /** A client that calls again at once may have hung up a moment ago: then that shows soon. Otherwise it wants two. */
  async #abandoned(held: HeldCall, since: number, signal: AbortSignal): Promise<string | undefined> {
    const terms = { since, waitingSince: held.at - this.#caller.settings.budgetMs - GRACE_MS };
    for (;;) {
      const joined = await this.#caller.first.join(held, terms);
      this.#held ||= joined.kind === "joined";
      if (joined.kind === "joined") return joined.id;
      if (joined.kind === "none" || Date.now() > held.at + NOTICED_MS) return undefined;
      await scheduler.wait(LOOK_MS, { signal });
    }
  }

  /** @param answered What the client was told; nothing if it has hung up. */
  async end(answered: "result" | "running" | undefined): Promise<void> {
    if (!this.#held) return;
    const { first, settings } = this.#caller;
    const at = Date.now() - settings.joinWindowMs + GRACE_MS;
    if (answered === "running") await first.release(this.#hold, { kind: "told", at });
    else await first.release(this.#hold, { kind: answered ? "delivered" : "gone" });
  }
}

function holdOf({ session, request }: Waiter): Promise<string> {
  return fingerprint([session, request]);
}
