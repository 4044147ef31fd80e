import { type ClientAbilities, canAnswer } from "../../front/client-capabilities.ts";
import { keepWaiting } from "../../front/keep-waiting.ts";
import {
  ARGUMENTS_NOT_AN_OBJECT,
  CALL_CANCELLED,
  CALL_WITHOUT_NAME,
  unknownTool,
} from "../../front/messages.ts";
import { endingOf, withoutServersMarks } from "../../front/outcome.ts";
import { INTERNAL_ERROR, invalidParams, RpcError } from "../../front/rpc-error.ts";
import { COMPANION_NAMES } from "../../src/agent/companion-names.ts";
import { companionsOf } from "../../src/agent/companion-tools.ts";
import { failureResult } from "../../src/agent/failure-result.ts";
import { type AgentContext, agentContext, toolKey } from "../../src/agent/options.ts";
import { settle } from "../../src/agent/settle.ts";
import type { TaskRecord } from "../../src/engine/record.ts";
import { RequestFailedError } from "../../src/engine/request-failed.ts";
import type { InputRequest } from "../../src/protocol/input-request.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import type { ToolResult } from "../../src/protocol/tool-result.ts";
import { readTraceContext } from "../../src/protocol/trace-context.ts";
import type { Task } from "../../src/task.ts";
import type { OwnedTasks } from "../store/owned-tasks.ts";
import type { Catalog, ShownTool } from "./catalog.ts";
import { JoinableCalls, type MadeCall } from "./joinable-calls.ts";

/** How long the agent's answer may wait for the server's task id beyond the budget, in ms. */
const ACCEPTED_MS = 2_000;

/** The agent's side of one call. */
export interface Waiter {
  readonly signal: AbortSignal;
  readonly abilities: ClientAbilities;
  /** Puts a question to the agent itself; absent where a question ends the wait instead. */
  readonly ask?: (task: Task, request: InputRequest) => void;
  /** Calls back when the reply has left, or when the agent no longer waits for one. */
  readonly onReply: (replied: (sent: boolean) => void) => void;
  /** `_meta` of the agent's request, without the fields that are between the agent and Holdfast only. */
  readonly meta: JsonObject;
  /** Forwards the server's progress notifications of a call to the agent. Returns a function that stops it. */
  readonly follow?: (id: string) => () => void;
}

/** The tool calls of an agent: each runs as a durable task, and is answered within the budget. */
export class ToolCalls {
  readonly #tasks: OwnedTasks;
  readonly #catalog: Catalog;
  readonly #context: AgentContext;
  readonly #budgetMs: number;
  readonly #joinable: JoinableCalls = new JoinableCalls();
  readonly #setMeta: (server: string, id: string, meta: JsonObject | undefined) => void;

  constructor(
    tasks: OwnedTasks,
    catalog: Catalog,
    budgetMs: number,
    setMeta: (server: string, id: string, meta: JsonObject | undefined) => void,
  ) {
    this.#tasks = tasks;
    this.#catalog = catalog;
    this.#budgetMs = budgetMs;
    this.#setMeta = setMeta;
    this.#context = agentContext(tasks, { budgetMs, allowAnswers: true });
    tasks.subscribe(({ view: { id, endpoint, outcome } }) => {
      if (outcome) this.#setMeta(endpoint, id, undefined);
    });
  }

  /** The companion tools as they are listed. */
  companions(): readonly JsonObject[] {
    return companionsOf(this.#context).map(({ name, description, inputSchema }) => {
      const reads = name === "check_task" || name === "list_tasks";
      const annotations = { readOnlyHint: reads, ...(!reads && { destructiveHint: name === "cancel_task" }) };
      return { name, description, inputSchema, annotations };
    });
  }

  /** Texts to the model name tools as the agent lists them. */
  name(tools: readonly ShownTool[]): void {
    for (const { server, name, shown, tool } of tools)
      this.#context.known.set(toolKey({ endpoint: server, tool: name }), {
        name: shown,
        repeatable: tool.facts.repeatable,
      });
  }

  /** Calls of an earlier process of the same agent whose results it never got. */
  untold(records: readonly TaskRecord[]): void {
    for (const { id, endpoint, call, createdAt, settledAt } of records) {
      const task = this.#tasks.get(id).then((found) => found ?? Promise.reject(new Error(`No task ${id}`)));
      task.catch(() => undefined);
      const key = JoinableCalls.key(endpoint, call.name, call.arguments ?? {});
      // By its key the call itself may be repeated, but another call of the tool does its work once more.
      const repeatable = call.recovery === "repeat" && !call.idempotency;
      this.#joinable.add(key, { task, repeatable, state: "gone", at: settledAt ?? createdAt });
    }
  }

  /** A call by an agent that knows no tasks: its result, or a running result when the budget is spent. */
  async held(shown: string, args: JsonObject, waiter: Waiter): Promise<ToolResult> {
    if (COMPANION_NAMES.includes(shown)) return this.#companion(shown, args, waiter);
    const began = Date.now();
    const { server, name } = await this.#catalog.tool(shown);
    const key = JoinableCalls.key(server, name, args);
    const joined = await this.#joinable.join(key, began);
    const id = joined ? (await joined.task).id : crypto.randomUUID();
    // Before the call is sent, so that no progress is missed.
    const stop = waiter.follow?.(id);
    const call: MadeCall = joined ?? {
      task: this.start(server, name, args, waiter.meta, id),
      repeatable: this.#context.known.get(toolKey({ endpoint: server, tool: name }))?.repeatable ?? false,
      state: "waiting",
      at: began,
    };
    if (!joined) this.#joinable.add(key, call);
    const gone = (): void => {
      call.state = "gone";
      call.at = Date.now();
    };
    // At once: an agent that gives up may make the same call again in the next line.
    waiter.signal.addEventListener("abort", gone, { once: true });
    // Only a reply that has left this process counts: after an earlier crash the same call joins this task.
    waiter.onReply((sent) => {
      stop?.();
      waiter.signal.removeEventListener("abort", gone);
      if (sent) void this.#given(key, call);
      else gone();
    });
    try {
      const task = await within(call.task, waiter.signal);
      return await this.waited(task, this.#budgetMs - (Date.now() - began), waiter);
    } catch (error) {
      if (!(error instanceof RequestFailedError) || error.failure.kind === "rpc") throw error;
      return failureResult(error, { toolName: shown });
    }
  }

  /** Starts a call, whose task is durable when this resolves. Throws what the server's connection throws. */
  async start(
    server: string,
    name: string,
    args: JsonObject,
    meta: JsonObject,
    id: string = crypto.randomUUID(),
  ): Promise<Task> {
    if (Object.keys(meta).length > 0) this.#setMeta(server, id, meta);
    try {
      return await this.#tasks.start(server, name, args, { id, trace: readTraceContext(meta) });
    } catch (error) {
      this.#setMeta(server, id, undefined);
      throw error;
    }
  }

  /** Waits for a task within the budget. Returns its result, or a running result. */
  async waited(task: Task, budgetMs: number, waiter: Waiter): Promise<ToolResult> {
    const { signal } = waiter;
    await keepWithin(task, budgetMs, waiter);
    await accepted(task, signal);
    const { outcome } = task.view;
    // The server's own answer goes to the agent unchanged.
    if (outcome?.kind === "completed") return withoutServersMarks(await task.result());
    if (outcome?.kind === "failed" && outcome.error.rpc) throw new RpcError(outcome.error.rpc);
    return settle(this.#context, task, { budgetMs: 0, signal });
  }

  async #companion(name: string, args: JsonObject, waiter: Waiter): Promise<ToolResult> {
    const companion = companionsOf(this.#context).find((one) => one.name === name);
    if (!companion) throw invalidParams(unknownTool(name));
    const id = typeof args.task === "string" ? args.task : "";
    const task = id === "" ? undefined : await this.#tasks.get(id);
    // While the model waits, the agent gets the questions that it can answer.
    if (name === "check_task" && task && !task.view.outcome) {
      const stop = waiter.follow?.(task.id);
      await keepWithin(task, this.#budgetMs, waiter).finally(stop);
    }
    const options = { signal: waiter.signal, ...(name === "check_task" && { budgetMs: 0 }) };
    const result = await companion.execute(args, options);
    waiter.onReply((sent) => {
      if (sent && task?.view.outcome) this.#tasks.markTold(task.id);
    });
    return task?.view.outcome?.kind === "completed" && name !== "cancel_task"
      ? withoutServersMarks(result)
      : result;
  }

  /** The agent has a call's result, or knows that it runs. */
  async #given(key: string, call: MadeCall): Promise<void> {
    const task = await call.task.catch(() => undefined);
    if (task && !task.view.outcome) {
      call.state = "told";
      call.at = Date.now();
      return this.#tasks.markTold(task.id);
    }
    this.#joinable.remove(key, call);
    if (!task) return;
    // A plain call that was answered leaves no record: results of plain calls do not stay on the disk.
    if (task.view.taskId === undefined) await this.#tasks.forget(task.id).catch(() => undefined);
    else this.#tasks.markTold(task.id);
  }
}

/** Waits for the end of a task; a question that the agent cannot be asked ends the wait, since the model answers it. */
function keepWithin(task: Task, budgetMs: number, { signal, abilities, ask }: Waiter): Promise<void> {
  return keepWaiting(task, {
    budgetMs,
    signal,
    until: ({ inputRequests }) => inputRequests.some((request) => !ask || !canAnswer(abilities, request)),
    asked: (request) => {
      if (ask && canAnswer(abilities, request)) ask(task, request);
    },
  });
}

/**
 * Waits until the server has accepted a call that may become a task. Without it an agent could learn that a task runs
 * before the request has left or its task id is recorded, and a crash in that moment would lose the task.
 */
export function accepted(task: Task, signal: AbortSignal): Promise<void> {
  return keepWaiting(task, {
    budgetMs: task.view.asTask ? ACCEPTED_MS : 0,
    signal,
    until: ({ taskId, inputRequests }) => taskId !== undefined || inputRequests.length > 0,
  });
}

/** Returns the result that the call itself is answered with. Throws an RpcError. */
export async function plainAnswer(task: Task): Promise<ToolResult> {
  if (!task.view.outcome) throw new Error(`Task ${task.id} has not ended`);
  const ending = endingOf(task.view.outcome);
  if (ending.kind === "error") throw new RpcError(ending.error);
  if (ending.kind === "cancelled") throw new RpcError({ code: INTERNAL_ERROR, message: CALL_CANCELLED });
  return task.view.outcome.kind === "completed" ? withoutServersMarks(await task.result()) : ending.result;
}

/** The name and arguments of a `tools/call`. Throws an RpcError. */
export function callIn({ name, arguments: given }: JsonObject): {
  readonly name: string;
  readonly args: JsonObject;
} {
  // Some clients send null for none.
  const args = given ?? {};
  if (typeof name !== "string") throw invalidParams(CALL_WITHOUT_NAME);
  if (!isObject(args)) throw invalidParams(ARGUMENTS_NOT_AN_OBJECT);
  return { name, args };
}

function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
