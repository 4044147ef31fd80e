import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { INVALID_PARAMS, METHOD_NOT_FOUND, type RequestId } from "../../src/protocol/json-rpc.ts";
import { RELATED_TASK } from "../../src/protocol/session.ts";
import type { Exchange, Stream } from "./exchange.ts";
import { requestKey } from "./ledger.ts";
import { ModelServer, resultOf, type ServerSetting, TOOLS, type ToolName } from "./model-server.ts";
import type { Question, ServerTask } from "./server-task.ts";

/** How often a plain call reports progress, in ms, where its server keeps events. */
const PROGRESS_MS = 5_000;

/** A question on its way to some client. */
interface Asked {
  readonly task: ServerTask;
  readonly question: Question;
  readonly rpcId: RequestId;
  readonly sessionId: string | undefined;
  readonly stream: Stream;
}

/** A server of Tasks as MCP 2025-11-25 has them. */
export class ModelServer2025 extends ModelServer {
  protected readonly name = "legacy";
  readonly #stateful: boolean;
  readonly #canList: boolean;
  readonly #takesTasks: boolean;
  readonly #pageSize: number;
  readonly #notifies: number;
  readonly #sessions: Set<string> = new Set();
  readonly #streams: Set<Stream> = new Set();
  /** `tasks/result` requests that wait for their task's end. */
  readonly #waiting: Map<ServerTask, Set<Exchange>> = new Map();
  readonly #asked: Map<RequestId, Asked> = new Map();
  #sessionsMade = 0;
  /** How many questions were asked since the ids began. */
  #asks = 0;
  #highestId = 0;

  constructor(setting: ServerSetting) {
    super(setting);
    this.#stateful = this.random.chance(0.8);
    this.#canList = this.random.chance(0.6);
    this.#takesTasks = this.random.chance(0.95);
    this.#pageSize = this.random.pick([1, 2, 100]);
    this.#notifies = this.random.pick([0, 0.5, 1]);
  }

  override restart(): void {
    super.restart();
    this.events?.clear();
    this.forgetSessions();
    for (const [task, exchanges] of this.#waiting) {
      if (this.tasks.has(task.id)) continue;
      this.#waiting.delete(task);
      for (const exchange of exchanges) exchange.hangUp();
    }
  }

  /** Forgets the sessions, not their tasks: a restart behind a load balancer. */
  forgetSessions(): void {
    if (this.#sessions.size === 0) return;
    this.happened("session loss");
    this.trace?.("server: forgets its sessions");
    this.#sessions.clear();
    this.#asked.clear();
    this.#streams.clear();
    if (this.quirks.countsAnew) this.#asks = 0;
  }

  listen(stream: Stream): boolean {
    if (stream.sessionId === undefined || !this.#sessions.has(stream.sessionId)) return false;
    this.#streams.add(stream);
    stream.onClosed(() => this.#streams.delete(stream));
    return true;
  }

  protected isForgotten({ sessionId, message }: Exchange): boolean {
    if (!this.#stateful || message.method === "initialize") return false;
    return sessionId === undefined || !this.#sessions.has(sessionId);
  }

  protected take(exchange: Exchange): void {
    const { id, method, result } = exchange.message;
    if (method === undefined && id !== undefined && isObject(result)) this.#answered(id, exchange, result);
    exchange.accept();
  }

  protected serve(exchange: Exchange, method: string, params: JsonObject): void {
    switch (method) {
      case "initialize":
        return this.#initialize(exchange);
      case "ping":
        return exchange.reply({});
      case "tools/list":
        return exchange.reply(this.toolPage());
      case "tools/call":
        return this.#call(exchange, params);
      case "tasks/get": {
        const task = this.taskOf(exchange, params);
        if (!task) return;
        // "Servers can … side-channel task-related messages alongside other responses".
        if (this.random.chance(0.2)) this.#ask(task, exchange);
        return exchange.reply(this.#view(task));
      }
      case "tasks/result":
        return this.#result(exchange, params);
      case "tasks/list":
        return this.#list(exchange, params);
      case "tasks/cancel":
        return this.#cancel(exchange, params);
      default:
        return exchange.fail(METHOD_NOT_FOUND, `Method not found: ${method}`);
    }
  }

  protected changed(task: ServerTask): void {
    const waiting = this.#waiting.get(task);
    if (task.ended) {
      this.#waiting.delete(task);
      for (const exchange of waiting ?? []) this.#reply(exchange, task);
    } else if (task.openQuestions.length > 0) {
      for (const exchange of waiting ?? []) this.#ask(task, exchange);
      const [stream] = this.#streams;
      if (stream && this.random.chance(0.2)) this.#ask(task, stream);
    }
    if (this.random.chance(this.#notifies)) this.#notify(task);
  }

  #initialize(exchange: Exchange): void {
    if (this.#stateful) {
      const sessionId = `session-${++this.#sessionsMade}`;
      this.#sessions.add(sessionId);
      exchange.begin(sessionId);
    }
    const tasks = {
      ...(this.#canList && { list: {} }),
      cancel: {},
      requests: { tools: { call: {} } },
    };
    exchange.reply({
      protocolVersion: "2025-11-25",
      capabilities: { tools: {}, ...(this.#takesTasks && { tasks }) },
      serverInfo: { name: "legacy", version: "1" },
    });
  }

  #call(exchange: Exchange, params: JsonObject): void {
    const tag = this.tagOf(params);
    const tool = TOOLS[params.name as ToolName];
    if (tag === undefined || !tool) return exchange.fail(INVALID_PARAMS, "Unknown tool");
    const asTask = isObject(params.task);
    const { taskSupport } = tool;
    if (this.#takesTasks && (asTask ? taskSupport === "forbidden" : taskSupport === "required")) {
      this.ledger.note(tag, `rpc ${METHOD_NOT_FOUND} The manner of the call`);
      return exchange.fail(METHOD_NOT_FOUND, "The manner of the call");
    }
    if (this.random.chance(0.03)) {
      this.ledger.note(tag, "rpc -32000 No more tasks");
      return exchange.fail(-32000, "No more tasks");
    }
    exchange.prime?.();
    if (asTask) {
      const task = this.createTask(tag);
      const _meta = { "io.modelcontextprotocol/model-immediate-response": "It takes a while" };
      return exchange.reply({ task: this.#view(task), ...(this.random.chance(0.3) && { _meta }) });
    }
    const execution = this.execute(tag, undefined);
    const workMs = this.random.spread(10, 40_000);
    this.agenda.after(workMs, () => exchange.reply(resultOf(execution, false)));
    const { progressToken } = (params._meta ?? {}) as JsonObject;
    if (exchange.prime && this.events && progressToken !== undefined)
      for (let at = PROGRESS_MS; at < workMs; at += PROGRESS_MS)
        this.agenda.after(at, () => {
          const progress = { progressToken, progress: at };
          exchange.push({ jsonrpc: "2.0", method: "notifications/progress", params: progress });
        });
  }

  #view(task: ServerTask): JsonObject {
    // "This includes cases where the tool call result has isError set to true."
    const failed = task.ending?.kind === "result" && task.ending.isError;
    if (failed) this.ledger.note(task.tag, "failed");
    return {
      taskId: task.id,
      status: failed ? "failed" : task.status,
      ...(task.statusMessage !== undefined && { statusMessage: task.statusMessage }),
      ...this.timeFields(task),
      ttl: this.ttlOf(task),
      ...(task.pollMs !== undefined && { pollInterval: task.pollMs }),
    };
  }

  #result(exchange: Exchange, params: JsonObject): void {
    const task = this.taskOf(exchange, params);
    if (!task) return;
    if (task.ended) return this.#reply(exchange, task);
    const waiting = this.#waiting.get(task) ?? new Set();
    this.#waiting.set(task, waiting.add(exchange));
    exchange.onClosed(() => waiting.delete(exchange));
    this.#ask(task, exchange);
    // Proxies end a response that stays silent for long; the client asks again.
    this.agenda.after(this.random.spread(20_000, 400_000), () => {
      if (waiting.delete(exchange)) exchange.hangUp();
    });
  }

  #reply(exchange: Exchange, task: ServerTask): void {
    const _meta = { [RELATED_TASK]: { taskId: task.id } };
    const { ending } = task;
    switch (ending?.kind) {
      case "result":
        return exchange.reply({ ...resultOf(task.execution, ending.isError), _meta });
      case "error":
        this.ledger.note(task.tag, `rpc ${ending.code} ${ending.message}`);
        return exchange.fail(ending.code, ending.message);
      default:
        return exchange.fail(-32000, "The task was cancelled");
    }
  }

  #list(exchange: Exchange, params: JsonObject): void {
    if (!this.#canList) return exchange.fail(METHOD_NOT_FOUND, "Method not found: tasks/list");
    const from = typeof params.cursor === "string" ? Number(params.cursor) : 0;
    const all = [...this.tasks.values()];
    const until = from + this.#pageSize;
    const { repeats } = this.quirks;
    const overlap = repeats === "entry" && from > 0 ? 1 : 0;
    const last = until >= all.length;
    if (overlap > 0) this.happened("quirk: repeated entry");
    if (repeats === "cursor" && last) this.happened("quirk: repeated cursor");
    this.happened("tasks/list");
    exchange.reply({
      tasks: all.slice(from - overlap, until).map((task) => this.#view(task)),
      ...(!last && { nextCursor: String(until) }),
      ...(last && repeats === "cursor" && { nextCursor: String(from) }),
    });
  }

  #cancel(exchange: Exchange, params: JsonObject): void {
    const task = this.taskOf(exchange, params);
    if (!task) return;
    if (task.ended) {
      this.happened("cancel refused");
      this.ledger.note(task.tag, "cancel refused");
      return exchange.fail(INVALID_PARAMS, `Cannot cancel task: already in terminal status '${task.status}'`);
    }
    this.happened("cancel");
    task.finish({ kind: "cancelled" });
    exchange.reply(this.#view(task));
    if (this.random.chance(0.1)) this.tasks.delete(task.id);
  }

  /** Puts the first open question to the client, unless it is already on its way on a stream that stands. */
  #ask(task: ServerTask, stream: Stream): void {
    const [question] = task.openQuestions;
    if (!question || task.ended) return;
    // The stream is from before a restart: the server neither asks on it nor waits for an answer.
    if (stream.sessionId !== undefined && !this.#sessions.has(stream.sessionId)) return;
    const earlier = [...this.#asked.values()].find((asked) => asked.question === question);
    if (earlier?.stream.open) return;
    const again = earlier && this.random.chance(0.5);
    if (earlier && !again) this.#asked.delete(earlier.rpcId);
    const rpcId = again ? earlier.rpcId : this.#newId();
    this.#asked.set(rpcId, { task, question, rpcId, sessionId: stream.sessionId, stream });
    this.happened("question");
    this.trace?.(`server: asks ${question.key} of ${task.id} as ${rpcId}`);
    const _meta = { [RELATED_TASK]: { taskId: task.id } };
    stream.push({
      jsonrpc: "2.0",
      id: rpcId,
      method: question.method,
      params: { ...question.params, _meta },
    });
  }

  #newId(): RequestId {
    if (++this.#asks <= this.#highestId) this.happened("quirk: question id used again");
    this.#highestId = Math.max(this.#highestId, this.#asks);
    return this.#stateful ? `ask-${this.#asks}` : this.#asks;
  }

  #answered(rpcId: RequestId, exchange: Exchange, response: JsonObject): void {
    const asked = this.#asked.get(rpcId);
    if (!asked || asked.sessionId !== exchange.sessionId || asked.question.state !== "open") return;
    this.#asked.delete(rpcId);
    const { task, question } = asked;
    const { _meta, ...answer } = response;
    this.trace?.(`server: takes the answer to ${question.key} of ${task.id}`);
    if (this.ledger.accept({ tag: task.tag, key: requestKey(rpcId, exchange.sessionId), response: answer }))
      task.answer(question.key);
    // The next question goes out on the same stream, or waits for another.
    if (asked.stream.open && this.random.chance(0.7)) this.#ask(task, asked.stream);
  }

  #notify(task: ServerTask): void {
    const [stream] = this.#streams;
    if (!stream) return;
    this.happened("status notification");
    stream.push({
      jsonrpc: "2.0",
      method: "notifications/tasks/status",
      params: this.notificationOf(this.#view(task)),
    });
  }
}
