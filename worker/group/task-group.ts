import { DurableObject } from "cloudflare:workers";
import {
  type Fault,
  InputError,
  type JsonObject,
  type ListedTool,
  RequestFaultError,
  TaskError,
  type TaskView,
} from "holdfast";
import { DurableTasks, type TaskPage } from "holdfast/durable-object";
import type { Bindings } from "../bindings.ts";
import { ConfigurationError } from "../config/configuration-error.ts";
import { type EndpointConfig, endpointOf } from "../config/endpoints.ts";
import { limitsOf } from "../config/limits.ts";
import { directoryOf } from "../directory/directory-stub.ts";
import { KEY_LIFE_MS } from "../directory/idempotency-keys.ts";
import type { GroupLoad } from "../directory/principal-directory-rpc.ts";
import { readTaskId } from "../directory/task-id.ts";
import { timeIn } from "../directory/uuid-v7.ts";
import { endedRecord, LateCalls } from "../objects/late-calls.ts";
import { Counters, countSums } from "../operations/counters.ts";
import { log } from "../operations/log.ts";
import { guardedFetch } from "../outbound/guarded-fetch.ts";
import { ChangeStreams } from "./change-stream.ts";
import { countedStorage } from "./counted-storage.ts";
import type {
  GatewayGroupRpc,
  HeldCall,
  Joined,
  JoinTerms,
  PassedOn,
  ServerFacts,
  WaitEnding,
} from "./gateway-group-rpc.ts";
import { HeldCalls } from "./held-calls.ts";
import { passedOn } from "./passed-on.ts";
import type {
  GroupIdentity,
  GroupProblem,
  ListQuery,
  Reply,
  StartCall,
  TaskGroupRpc,
  TaskWait,
} from "./task-group-rpc.ts";
import { connectorTo } from "./upstream.ts";
import { WebhookOutbox } from "./webhook-outbox.ts";

/** By then the first attempt of a late call has ended in this life of the object, in ms; else another one tries again. */
const LATE_CALL_MS = 75_000;

/** How often an endpoint that is gone from the configuration is looked for again, in ms. */
const UNCONFIGURED_MS = 600_000;

/** The tasks of one principal on one endpoint, or a share of them: see TaskGroupRpc. */
export class TaskGroup extends DurableObject<Bindings> implements TaskGroupRpc, GatewayGroupRpc {
  readonly #counters: Counters = new Counters();
  #lateCallsMade: LateCalls | undefined;
  #heldCallsMade: HeldCalls | undefined;
  #webhooksMade: WebhookOutbox | undefined;
  /** Calls being made whose record there may not be yet. */
  readonly #calling: Map<string, Promise<Reply<TaskView>>> = new Map();
  /** An alarm wakes an object that is not told its name. */
  #identity: GroupIdentity | undefined = this.ctx.storage.kv.get<GroupIdentity>("identity");
  #tasks: DurableTasks | undefined;
  #streams: ChangeStreams | undefined;

  async start(identity: GroupIdentity, call: StartCall, waitMs: number): Promise<Reply<TaskView>> {
    const tasks = this.#tasksOf(identity);
    await tasks.resume();
    const held = this.#calling.has(call.id) ? undefined : await this.task(call.id);
    if (held) return { ok: true, value: held };
    if (call.webhook !== undefined) this.#webhooks.order(call.id, call.webhook);
    const reply = await within(waitMs, this.#call(identity, call));
    if (reply?.ok) return reply;
    if (reply) {
      // Who asked earlier was given a handle meanwhile: the call is tried again.
      const late = await this.task(call.id);
      if (late) return { ok: true, value: late };
      this.#webhooks.withdraw(call.id);
      return reply;
    }
    const recorded = await tasks.task(call.id);
    if (recorded) return { ok: true, value: recorded };
    // Not even connected yet: whoever waits gets their handle now, and the call is made as soon as it can be.
    const late = unsentTask(identity, call, Date.now());
    this.#lateCalls.add(call, late, Date.now() + LATE_CALL_MS);
    await tasks.wakeAt(Date.now() + LATE_CALL_MS);
    return { ok: true, value: late };
  }

  async task(id: string, wait?: TaskWait): Promise<TaskView | undefined> {
    const tasks = await this.#resumed();
    if (!tasks) return undefined;
    const task = (await tasks.task(id)) ?? this.#lateCalls.task(id);
    if (!task || !wait || task.outcome || isNews(task, wait)) return task;
    await changed(tasks, id, wait);
    return (await tasks.task(id)) ?? this.#lateCalls.task(id);
  }

  async tasks({ status, tool, before, limit }: ListQuery): Promise<TaskPage> {
    const tasks = await this.#resumed();
    if (!tasks) return { tasks: [], full: false };
    const held = tasks.tasks({
      limit,
      ...(before !== undefined && { before }),
      ...(status !== undefined && { status }),
      ...(tool !== undefined && { tool }),
    });
    const known = new Set(held.tasks.map(({ id }) => id));
    // Where the page is full, what is older than its last task is on the next one.
    const last = held.full ? (held.tasks.at(-1)?.id ?? "") : "";
    const late = this.#lateCalls.tasks(before, limit).filter((task) => {
      const wanted =
        (status === undefined || status === "unfinished" || task.status === status) &&
        (tool === undefined || task.tool === tool);
      return wanted && task.id > last && !known.has(task.id);
    });
    const all = [...held.tasks, ...late].sort((a, b) => (a.id < b.id ? 1 : -1));
    return { tasks: all.slice(0, limit), full: held.full };
  }

  async answer(id: string, key: string, response: JsonObject): Promise<Reply<TaskView>> {
    const tasks = await this.#resumed();
    const task = await tasks?.client.get(id);
    if (!tasks || !task) return unknownTask(id);
    const open = task.view.inputRequests.some((request) => request.key === key);
    try {
      await task.answer(key, response);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return problem(open ? "invalid-answer" : "not-open", error.message);
    }
    return this.#reply(id);
  }

  async cancel(id: string): Promise<Reply<TaskView>> {
    const tasks = await this.#resumed();
    if (!tasks) return unknownTask(id);
    const task = await tasks.client.get(id);
    if (task) {
      await task.cancel();
      return this.#reply(id);
    }
    const late = this.#lateCalls.cancel(id, Date.now());
    if (!late) return unknownTask(id);
    await tasks.record(endedRecord(late));
    return { ok: true, value: late };
  }

  async forget(id: string, force: boolean): Promise<Reply<null>> {
    const tasks = await this.#resumed();
    const task = await this.task(id);
    if (!tasks || !task) return unknownTask(id);
    if (!task.outcome && !force)
      return problem("running", `Task ${id} is running: cancel it first, or delete it with force=true`);
    this.#lateCalls.remove(id);
    await tasks.client.forget(id, { force });
    return { ok: true, value: null };
  }

  async tools(identity: GroupIdentity): Promise<Reply<readonly ListedTool[]>> {
    try {
      return { ok: true, value: await this.#tasksOf(identity).client.listTools(identity.endpoint) };
    } catch (error) {
      return { ok: false, problem: upstreamProblem(error) };
    }
  }

  async server(identity: GroupIdentity): Promise<Reply<ServerFacts>> {
    try {
      const { serverCapabilities, serverInfo } = await this.#tasksOf(identity).client.session(
        identity.endpoint,
      );
      return { ok: true, value: { capabilities: serverCapabilities, ...(serverInfo && { serverInfo }) } };
    } catch (error) {
      return { ok: false, problem: upstreamProblem(error) };
    }
  }

  passOn(identity: GroupIdentity, method: string, params: JsonObject): Promise<PassedOn> {
    return passedOn(this.#tasksOf(identity).client, identity.endpoint, method, params);
  }

  async join(call: HeldCall, terms: JoinTerms): Promise<Joined> {
    return this.#heldCalls.join(call, terms);
  }

  async hold(call: HeldCall, id: string, since: number): Promise<void> {
    this.#heldCalls.hold(call, id, since);
  }

  async release(hold: string, ending: WaitEnding): Promise<void> {
    this.#heldCalls.release(hold, ending);
  }

  async delivered(id: string): Promise<void> {
    this.#heldCalls.delivered(id);
  }

  async active(admitted: readonly string[] = []): Promise<GroupLoad> {
    const tasks = await this.#resumed();
    if (!tasks) return { tasks: 0, bytes: 0, absent: admitted };
    return {
      tasks: tasks.activeCount() + this.#lateCalls.count(),
      bytes: tasks.activeWeight(),
      absent: admitted.filter((id) => !tasks.has(id) && !this.#lateCalls.has(id)),
    };
  }

  override async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const tasks = await this.#resumed();
    if (!tasks) return new Response("This object holds no tasks yet", { status: 404 });
    const after = searchParams.get("after");
    this.#streams ??= new ChangeStreams(tasks);
    return this.#streams.open({
      after: after === null ? undefined : Number(after),
      id: searchParams.get("task") ?? undefined,
    });
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const identity = this.#identity;
    if (!identity) return;
    const tasks = this.#tasksOf(identity);
    this.#counters.add("wakeups");
    try {
      const now = Date.now();
      const retried = this.#lateCalls
        .due(now, (id) => this.#calling.has(id))
        .map((call) => within(LATE_CALL_MS, this.#call(identity, call)));
      await Promise.all([tasks.alarm(info), this.#webhooks.deliver(now), ...retried]);
      const next = Math.min(
        this.#webhooks.nextDue(),
        this.#lateCalls.nextDue(),
        this.#mendedBy(identity, now),
      );
      if (next < Number.POSITIVE_INFINITY) await tasks.wakeAt(next);
    } catch (error) {
      this.#counters.add("alarm_failures");
      log("alarm-failed", { retry: info?.retryCount, message: String(error) });
      throw error;
    } finally {
      this.#report();
    }
  }

  // Made when they are first used: an object that is only asked for a task it does not have stores nothing.
  get #lateCalls(): LateCalls {
    this.#lateCallsMade ??= new LateCalls(this.ctx.storage.sql);
    return this.#lateCallsMade;
  }

  get #heldCalls(): HeldCalls {
    this.#heldCallsMade ??= new HeldCalls(this.ctx.storage.sql);
    return this.#heldCallsMade;
  }

  get #webhooks(): WebhookOutbox {
    this.#webhooksMade ??= new WebhookOutbox(this.ctx.storage.sql, {
      secret: this.env.WEBHOOK_SECRET,
      principal: () => this.#identity?.principal,
      fetch: guardedFetch({ allowPrivate: this.env.WEBHOOK_PRIVATE === "true" }),
      task: (id) => this.task(id),
      delivered: (id, result) => {
        this.#counters.add(`webhooks:${result}`);
        log("webhook", { task: id, result });
      },
    });
    return this.#webhooksMade;
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
    const tasks = this.#tasksOf(identity);
    this.#counters.add("started");
    const { id, tool, prefer, ttlMs, repeatable, timeoutMs } = call;
    try {
      await tasks.client.callTool(identity.endpoint, tool, call.arguments, {
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
    this.#lateCalls.remove(id);
    return this.#reply(id);
  }

  /** Nothing was sent. */
  async #notMade(id: string, error: unknown): Promise<Reply<TaskView>> {
    const found = upstreamProblem(error);
    log("call-not-made", { task: id, code: found.code, detail: found.detail });
    const failed = this.#lateCalls.failed(id, found.detail, Date.now());
    if (failed) await this.#known()?.record(endedRecord(failed));
    else await this.#known()?.wakeAt(this.#lateCalls.nextDue());
    return { ok: false, problem: found };
  }

  async #reply(id: string): Promise<Reply<TaskView>> {
    const value = await this.task(id);
    return value ? { ok: true, value } : unknownTask(id);
  }

  /** The tasks, with those of earlier lives taken up; undefined in an object that never had any. */
  async #resumed(): Promise<DurableTasks | undefined> {
    const tasks = this.#known();
    await tasks?.resume();
    return tasks;
  }

  #known(): DurableTasks | undefined {
    return this.#identity && this.#tasksOf(this.#identity);
  }

  #tasksOf(identity: GroupIdentity): DurableTasks {
    if (this.#tasks) return this.#tasks;
    if (!this.#identity) {
      this.#identity = identity;
      this.ctx.storage.kv.put("identity", identity);
    }
    const { endpoint } = identity;
    const config = this.#config(endpoint);
    const storage = countedStorage(this.ctx.storage, this.#counters);
    const tasks = new DurableTasks(
      { id: this.ctx.id, storage },
      {
        endpoints: config
          ? { [endpoint]: connectorTo(config, this.env, this.ctx.storage.kv, this.#counters) }
          : {},
        maxResultLength: limitsOf(this.env).resultBytes,
        onProblem: ({ kind, message, id }) => log("problem", { kind, message, task: id }),
      },
    );
    tasks.watch(({ task }) => {
      // It has left, or is about to: from here on the engine sees to it.
      if (task.rev === 1) this.#lateCalls.remove(task.id);
      if (task.outcome) this.#settled(task);
    });
    tasks.client.subscribe(
      () => undefined,
      (id) => this.#gone(id),
    );
    this.#tasks = tasks;
    return tasks;
  }

  /** An endpoint that cannot be used must not cost the tasks it has had. */
  #config(endpoint: string): EndpointConfig | undefined {
    try {
      return endpointOf(this.env, endpoint);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      log("misconfigured", { endpoint, message: error.message });
      return undefined;
    }
  }

  /** Tasks of an endpoint that is not configured any more wait until it is again. */
  #mendedBy({ endpoint }: GroupIdentity, now: number): number {
    const waiting = !this.#config(endpoint) && (this.#tasks?.activeCount() ?? 0) > 0;
    return waiting ? now + UNCONFIGURED_MS : Number.POSITIVE_INFINITY;
  }

  /** Deleted, or one too many to be kept: its Idempotency-Key may live on, and must not make the call again. */
  #gone(id: string): void {
    this.#webhooks.withdraw(id);
    const { principal = "" } = this.#identity ?? {};
    const uuid = readTaskId(id)?.uuid ?? "";
    // A week's tasks may be gone at once, and their keys have been for long.
    if (!(timeIn(uuid) > Date.now() - KEY_LIFE_MS)) return;
    directoryOf(this.env, principal)
      .deleted(id)
      .catch(() => undefined);
  }

  #settled({ id, endpoint, tool, outcome, createdAt, settledAt = createdAt }: TaskView): void {
    if (!outcome) return;
    this.#counters.add(`settled:${outcome.kind}`);
    log("settled", { task: id, endpoint, tool, outcome: outcome.kind, ms: settledAt - createdAt });
    const now = Date.now();
    if (this.#webhooks.settled(id, now)) void this.#tasks?.wakeAt(now);
    this.#report();
  }

  #report(): void {
    const counts = this.#counters.take();
    // Counting must not fail what is counted.
    if (counts)
      countSums(this.env)
        .add(counts)
        .catch(() => undefined);
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

function isNews({ rev, progress }: TaskView, wait: TaskWait): boolean {
  return rev > wait.afterRev || (wait.progress !== undefined && (progress?.progress ?? -1) !== wait.progress);
}

/** Resolves at the task's next change, stored or, if that is asked for, not; and after `ms` at the latest. */
function changed(tasks: DurableTasks, id: string, { ms, progress }: TaskWait): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      unwatch();
      unsubscribe();
      resolve();
    };
    const unsubscribe = tasks.client.subscribe(
      (task) => {
        if (task.id === id && progress !== undefined && task.view.progress) done();
      },
      (gone) => {
        if (gone === id) done();
      },
    );
    const timer = setTimeout(done, ms);
    const unwatch = tasks.watch(({ task }) => {
      if (task.id === id) done();
    });
  });
}

function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function unknownTask(id: string): { ok: false; problem: GroupProblem } {
  return problem("unknown-task", `There is no task ${id}`);
}

function problem(code: GroupProblem["code"], detail: string): { ok: false; problem: GroupProblem } {
  return { ok: false, problem: { code, detail } };
}

function upstreamProblem(error: unknown): GroupProblem {
  const fault: Fault | undefined = error instanceof RequestFaultError ? error.fault : undefined;
  if (fault?.kind === "unauthorized") {
    return { code: "upstream-unauthorized", detail: "The endpoint's server takes none of its credentials" };
  }
  const retryAfterMs = fault?.kind === "http" ? fault.retryAfterMs : undefined;
  const detail = fault ? fault.message : "The endpoint's server could not be asked";
  return { code: "upstream", detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
