import type { InputMethod } from "../../src/protocol/input-request.ts";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import {
  INVALID_PARAMS,
  METHOD_NOT_FOUND,
  UNSUPPORTED_PROTOCOL_VERSION,
} from "../../src/protocol/json-rpc.ts";
import { SUBSCRIPTION_ID, TASKS_EXTENSION } from "../../src/protocol/session.ts";
import type { Exchange } from "./exchange.ts";
import { ModelServer, resultOf, type ServerSetting, TOOLS, type ToolName } from "./model-server.ts";
import type { ServerTask } from "./server-task.ts";
import { questionParams } from "./work-plan.ts";

interface Subscription {
  readonly exchange: Exchange;
  readonly taskIds: ReadonlySet<string>;
}

/** A round of questions before the server decides on a call (mrtr). The client holds it, and must not touch it. */
interface Round {
  readonly tag: string;
  readonly round: number;
  readonly keys: readonly string[];
}

/** A server of Tasks as MCP 2026-07-28 has them. */
export class ModelServer2026 extends ModelServer {
  readonly #pushes: boolean;
  readonly #asksFirst: boolean;
  readonly #rounds: Map<string, number> = new Map();
  /** Each `requestState` ever given out. */
  readonly #states: Map<string, Round> = new Map();
  readonly #subscriptions: Set<Subscription> = new Set();
  #count = 0;

  constructor(setting: ServerSetting) {
    super(setting);
    this.#pushes = this.random.chance(0.6);
    this.#asksFirst = setting.asksFirst ?? true;
  }

  protected get name(): string {
    return "modern";
  }

  listen(): boolean {
    return false;
  }

  protected isForgotten(_exchange: Exchange): boolean {
    return false;
  }

  protected take(exchange: Exchange): void {
    exchange.accept();
  }

  protected serve(exchange: Exchange, method: string, params: JsonObject): void {
    switch (method) {
      case "server/discover":
        return this.#complete(exchange, {
          supportedVersions: ["2026-07-28"],
          capabilities: { tools: {}, extensions: { [TASKS_EXTENSION]: {} } },
        });
      case "initialize":
        return exchange.fail(UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version");
      case "tools/list":
        return this.#complete(exchange, this.toolPage());
      case "tools/call":
        return this.#call(exchange, params);
      case "tasks/get": {
        const task = this.taskOf(exchange, params);
        return task && this.#complete(exchange, this.#view(task));
      }
      case "tasks/update":
        return this.#update(exchange, params);
      case "tasks/cancel":
        return this.#cancel(exchange, params);
      case "subscriptions/listen":
        return this.#subscribe(exchange, params);
      default:
        return exchange.fail(METHOD_NOT_FOUND, `Method not found: ${method}`);
    }
  }

  protected changed(task: ServerTask): void {
    for (const { exchange, taskIds } of this.#subscriptions) {
      if (!taskIds.has(task.id)) continue;
      this.happened("status notification");
      const _meta = { [SUBSCRIPTION_ID]: exchange.message.id };
      exchange.push({
        jsonrpc: "2.0",
        method: "notifications/tasks",
        params: { ...this.notificationOf(this.#view(task)), _meta },
      });
    }
  }

  #complete(exchange: Exchange, result: JsonObject): void {
    exchange.reply({ resultType: "complete", ...result });
  }

  #call(exchange: Exchange, params: JsonObject): void {
    const tag = this.tagOf(params);
    const tool = TOOLS[params.name as ToolName];
    if (tag === undefined || !tool) return exchange.fail(INVALID_PARAMS, "Unknown tool");
    const round = this.#roundOf(tag, params);
    if (!round) {
      this.ledger.note(tag, "broken requestState");
      this.ledger.note(tag, "rpc -32602 Bad requestState");
      return exchange.fail(INVALID_PARAMS, "Bad requestState");
    }
    const responses = isObject(params.inputResponses) ? params.inputResponses : {};
    const missing = round.keys.filter((key) => !isObject(responses[key]));
    if (missing.length > 0) return this.#askFirst(exchange, tag, round.round, missing);
    for (const key of round.keys) {
      this.ledger.accept({ tag, key, response: responses[key] as JsonObject });
    }
    const rounds =
      this.#rounds.get(tag) ??
      (this.#asksFirst ? this.random.fork(`rounds/${tag}`).pick([0, 0, 0, 1, 1, 2, 3]) : 0);
    this.#rounds.set(tag, rounds);
    if (round.round < rounds) {
      const keys = Array.from({ length: this.random.pick([0, 1, 1, 2]) }, () => `first-${++this.#count}`);
      return this.#askFirst(exchange, tag, round.round + 1, keys);
    }
    if (this.random.chance(0.03)) {
      this.ledger.note(tag, "rpc -32000 No more tasks");
      return exchange.fail(-32000, "No more tasks");
    }
    if (tool.taskSupport !== "forbidden" && this.random.chance(0.85)) {
      const task = this.createTask(tag);
      const _meta = { "io.modelcontextprotocol/model-immediate-response": "It takes a while" };
      // The bare Task, or all of it: "derived shapes" come with tasks/get.
      const view = this.random.chance(0.5) ? this.#bare(task) : this.#view(task);
      return exchange.reply({ resultType: "task", ...view, ...(this.random.chance(0.3) && { _meta }) });
    }
    const execution = this.execute(tag, undefined);
    this.agenda.after(this.random.spread(10, 40_000), () =>
      this.#complete(exchange, resultOf(execution, false)),
    );
  }

  /** Which round a call answers; nothing when its state is not what the server gave out for it. */
  #roundOf(tag: string, params: JsonObject): Round | undefined {
    const { requestState } = params;
    if (requestState === undefined) return { tag, round: 0, keys: [] };
    const round = typeof requestState === "string" ? this.#states.get(requestState) : undefined;
    return round?.tag === tag ? round : undefined;
  }

  #askFirst(exchange: Exchange, tag: string, round: number, keys: readonly string[]): void {
    const requestState = `sealed:${tag}:${round}:${++this.#count}`;
    this.#states.set(requestState, { tag, round, keys });
    this.happened("question before the task");
    this.trace?.(`server: asks ${keys.join(" ") || "nothing"} before deciding on ${tag}`);
    const asked = keys.map((key) => {
      const method = this.random.pick<InputMethod>([
        "elicitation/create",
        "elicitation/create",
        "roots/list",
      ]);
      return [key, { method, params: questionParams(method, `${tag} ${key}`) }] as const;
    });
    exchange.reply({
      resultType: "input_required",
      ...(keys.length > 0 && { inputRequests: Object.fromEntries(asked) }),
      requestState,
    });
  }

  #bare(task: ServerTask): JsonObject {
    return {
      taskId: task.id,
      status: task.status,
      ...(task.statusMessage !== undefined && { statusMessage: task.statusMessage }),
      ...this.timeFields(task),
      ttlMs: this.ttlOf(task),
      ...(task.pollMs !== undefined && { pollIntervalMs: task.pollMs }),
    };
  }

  #view(task: ServerTask): JsonObject {
    const { ending } = task;
    const open = task.openQuestions.map(({ key, method, params }) => [key, { method, params }] as const);
    if (ending?.kind === "error") this.ledger.note(task.tag, `rpc ${ending.code} ${ending.message}`);
    return {
      ...this.#bare(task),
      ...(task.status === "input_required" && { inputRequests: Object.fromEntries(open) }),
      ...(ending?.kind === "result" && { result: resultOf(task.execution, ending.isError) }),
      ...(ending?.kind === "error" && { error: { code: ending.code, message: ending.message } }),
    };
  }

  #update(exchange: Exchange, params: JsonObject): void {
    const task = this.taskOf(exchange, params);
    if (!task) return;
    const responses = isObject(params.inputResponses) ? params.inputResponses : {};
    // "The acknowledgement is eventually consistent."
    const lag = this.weather.calm ? 0 : this.random.pick([0, 0, 20, 1_500]);
    for (const [key, response] of Object.entries(responses)) {
      const open = task.openQuestions.some((question) => question.key === key);
      if (!open || !isObject(response)) {
        this.happened("answer to a question no longer open");
        continue;
      }
      this.trace?.(`server: takes the answer to ${key} of ${task.id}`);
      if (this.ledger.accept({ tag: task.tag, key, response }))
        this.agenda.after(lag, () => task.answer(key));
    }
    this.#complete(exchange, {});
  }

  #cancel(exchange: Exchange, params: JsonObject): void {
    const task = this.taskOf(exchange, params);
    if (!task) return;
    this.happened("cancel");
    this.ledger.note(task.tag, "cancel acknowledged");
    const after = task.plan.heedsCancelAfterMs;
    if (after !== undefined) this.agenda.after(after, () => task.finish({ kind: "cancelled" }));
    this.#complete(exchange, {});
  }

  #subscribe(exchange: Exchange, params: JsonObject): void {
    if (!this.#pushes) return exchange.fail(METHOD_NOT_FOUND, "Method not found: subscriptions/listen");
    const asked = isObject(params.notifications) ? params.notifications.taskIds : undefined;
    const taskIds = (Array.isArray(asked) ? asked : []).filter((id) => this.tasks.has(id));
    const subscription: Subscription = { exchange, taskIds: new Set(taskIds) };
    const _meta = { [SUBSCRIPTION_ID]: exchange.message.id };
    this.happened("subscription");
    this.#subscriptions.add(subscription);
    exchange.onClosed(() => this.#subscriptions.delete(subscription));
    exchange.push({
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: { notifications: { taskIds }, _meta },
    });
    this.agenda.after(this.random.spread(5_000, 600_000), () => {
      if (!this.#subscriptions.delete(subscription)) return;
      if (this.random.chance(0.5)) this.#complete(exchange, { _meta });
      else exchange.hangUp();
    });
  }
}
