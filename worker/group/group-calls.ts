import type { Task, TaskView } from "holdfast";
import type { DurableTasks } from "holdfast/durable-object";
import type { Counters } from "../operations/counters.ts";
import { unknownTask, upstreamProblem } from "./group-problems.ts";
import type { GroupTasks } from "./group-tasks.ts";
import type { GroupIdentity, Reply, StartCall } from "./task-group-rpc.ts";
import { within } from "./task-wait.ts";
import type { WebhookOutbox } from "./webhook-outbox.ts";

export interface GroupCallsOptions {
  readonly tasks: GroupTasks;
  readonly counters: Counters;
  /** Reports what was counted: of a task that runs for long, the object may be evicted before anything else does. */
  readonly report: () => void;
  readonly webhooks: () => WebhookOutbox;
  /** The calls whose caller is about to receive their answer. */
  readonly attended: Set<string>;
}

/** Starts the calls of a group. The engine holds each until its server can be reached. */
export class GroupCalls {
  readonly #options: GroupCallsOptions;

  constructor(options: GroupCallsOptions) {
    this.#options = options;
  }

  /** Resolves with a handle, a question or an outcome, or when `waitMs` are over. */
  async start(identity: GroupIdentity, call: StartCall, waitMs: number): Promise<Reply<TaskView>> {
    const { counters, report, webhooks, attended } = this.#options;
    const tasks = this.#options.tasks.of(identity);
    await this.#options.tasks.resumed();
    const { id, webhook } = call;
    const isAttended = attended.has(id);
    attended.add(id);
    if (!tasks.has(id)) {
      counters.add("started");
      if (webhook !== undefined) webhooks().order(id, webhook);
    }
    try {
      const task = await startCall(tasks, identity, call);
      await within(waitMs, answered(task));
      const { latest } = task;
      // It need not be read again, unless its result is stored apart.
      if (latest.outcome && !("apart" in latest.outcome)) return { ok: true, value: latest };
    } catch (error) {
      webhooks().withdraw(id);
      return { ok: false, problem: upstreamProblem(error) };
    } finally {
      if (!isAttended) attended.delete(id);
      report();
    }
    const value = await tasks.task(id);
    return value ? { ok: true, value } : unknownTask(id);
  }
}

/** Resolves when the call is durable. */
export function startCall(
  { client }: DurableTasks,
  { endpoint }: GroupIdentity,
  { tool, arguments: args, webhook: _ordered, ...options }: StartCall,
): Promise<Task> {
  return client.start(endpoint, tool, args, options);
}

/** Resolves when the server has answered the call: with a task, a question or a result. */
async function answered(task: Task): Promise<void> {
  for await (const { status } of task) if (status !== "queued" && status !== "calling") return;
}
