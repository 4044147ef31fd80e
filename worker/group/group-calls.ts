import { TaskError, type TaskView } from "holdfast";
import { endedRecord, LateCalls } from "../objects/late-calls.ts";
import type { Counters } from "../operations/counters.ts";
import { log } from "../operations/log.ts";
import { unknownTask, upstreamProblem } from "./group-problems.ts";
import type { GroupTasks } from "./group-tasks.ts";
import type { GroupIdentity, Reply, StartCall } from "./task-group-rpc.ts";
import { within } from "./task-wait.ts";
import type { WebhookOutbox } from "./webhook-outbox.ts";

/** By then the first attempt of a late call has ended in this life of the object, in ms; else another one tries again. */
const LATE_CALL_MS = 75_000;

export interface GroupCallsOptions {
  readonly sql: SqlStorage;
  readonly tasks: GroupTasks;
  readonly counters: Counters;
  readonly webhooks: () => WebhookOutbox;
}

/** Starts the calls of a group, and those whose server could not be reached once more. */
export class GroupCalls {
  readonly #options: GroupCallsOptions;
  #lateMade: LateCalls | undefined;
  /** Calls being made whose record there may not be yet. */
  readonly #calling: Map<string, Promise<Reply<TaskView>>> = new Map();

  constructor(options: GroupCallsOptions) {
    this.#options = options;
  }

  // Made when it is first used: an object that is only asked for a task it does not have stores nothing.
  get late(): LateCalls {
    this.#lateMade ??= new LateCalls(this.#options.sql);
    return this.#lateMade;
  }

  /** Resolves with a handle, a question or an outcome, or when `waitMs` are over. */
  async start(identity: GroupIdentity, call: StartCall, waitMs: number): Promise<Reply<TaskView>> {
    const { webhooks } = this.#options;
    const tasks = this.#options.tasks.of(identity);
    await tasks.resume();
    const held = this.#calling.has(call.id) ? undefined : await this.#task(call.id);
    if (held) return { ok: true, value: held };
    if (call.webhook !== undefined) webhooks().order(call.id, call.webhook);
    const reply = await within(waitMs, this.#call(identity, call));
    if (reply?.ok) return reply;
    if (reply) {
      // Who asked earlier was given a handle meanwhile: the call is tried again.
      const late = await this.#task(call.id);
      if (late) return { ok: true, value: late };
      webhooks().withdraw(call.id);
      return reply;
    }
    const recorded = await tasks.task(call.id);
    if (recorded) return { ok: true, value: recorded };
    // Not even connected yet: whoever waits gets their handle now, and the call is made as soon as it can be.
    const late = unsentTask(identity, call, Date.now());
    this.late.add(call, late, Date.now() + LATE_CALL_MS);
    await tasks.wakeAt(Date.now() + LATE_CALL_MS);
    return { ok: true, value: late };
  }

  /** Makes some of the late calls that are due once more. */
  async retry(identity: GroupIdentity, now: number): Promise<void> {
    const due = this.late.due(now, (id) => this.#calling.has(id));
    await Promise.all(due.map((call) => within(LATE_CALL_MS, this.#call(identity, call))));
  }

  /** Makes the call, unless it is being made. */
  #call(identity: GroupIdentity, call: StartCall): Promise<Reply<TaskView>> {
    const known = this.#calling.get(call.id);
    if (known) return known;
    const calling = this.#made(identity, call).finally(() => this.#calling.delete(call.id));
    this.#calling.set(call.id, calling);
    return calling;
  }

  async #made(identity: GroupIdentity, call: StartCall): Promise<Reply<TaskView>> {
    const { tasks, counters } = this.#options;
    counters.add("started");
    const { id, tool, prefer, ttlMs, repeatable, timeoutMs } = call;
    try {
      await tasks.of(identity).client.callTool(identity.endpoint, tool, call.arguments, {
        id,
        ...(prefer && { prefer }),
        ...(ttlMs !== undefined && { ttlMs }),
        ...(repeatable !== undefined && { repeatable }),
        ...(timeoutMs !== undefined && { timeoutMs }),
      });
    } catch (error) {
      // A call that came to nothing is a task with an outcome.
      if (!(error instanceof TaskError)) return this.#notMade(id, error);
    }
    this.late.remove(id);
    const value = await this.#task(id);
    return value ? { ok: true, value } : unknownTask(id);
  }

  /** Nothing was sent. */
  async #notMade(id: string, error: unknown): Promise<Reply<TaskView>> {
    const found = upstreamProblem(error);
    log("call-not-made", { task: id, code: found.code, detail: found.detail });
    const failed = this.late.failed(id, found.detail, Date.now());
    const tasks = this.#options.tasks.known;
    if (failed) await tasks?.record(endedRecord(failed));
    else await tasks?.wakeAt(this.late.nextDue());
    return { ok: false, problem: found };
  }

  async #task(id: string): Promise<TaskView | undefined> {
    const tasks = await this.#options.tasks.resumed();
    return (await tasks?.task(id)) ?? this.late.task(id);
  }
}

function unsentTask({ endpoint }: GroupIdentity, call: StartCall, now: number): TaskView {
  return {
    id: call.id,
    endpoint,
    // Not known before the server has been asked; nothing depends on it yet.
    generation: "2026-07-28",
    tool: call.tool,
    arguments: call.arguments,
    status: "calling",
    rev: 0,
    createdAt: now,
    inputRequests: [],
    cancelling: false,
  };
}
