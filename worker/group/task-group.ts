import { DurableObject } from "cloudflare:workers";
import { InputError, type JsonObject, type ListedTool, type TaskView, type UndeliveredQuery } from "holdfast";
import type { TaskPage } from "holdfast/durable-object";
import { inboxOf } from "holdfast/inbox";
import { METHOD_NOT_FOUND } from "../../front/rpc-error.ts";
import type { Bindings } from "../bindings.ts";
import { endpointsOf } from "../config/endpoints.ts";
import { directoryOf } from "../directory/directory-stub.ts";
import type { EventSubscription } from "../directory/event-subscriptions.ts";
import { KEY_LIFE_MS } from "../directory/idempotency-keys.ts";
import type {
  ConsentSubscriber,
  EventBacklog,
  EventReplay,
  EventSource,
  GroupLoad,
  NoticeSource,
  PushDemand,
} from "../directory/principal-directory-rpc.ts";
import { readTaskId } from "../directory/task-id.ts";
import { timeIn } from "../directory/uuid-v7.ts";
import { type Count, Counters } from "../operations/counters.ts";
import { log } from "../operations/log.ts";
import { guardedFetch } from "../outbound/guarded-fetch.ts";
import { CallLease } from "./call-lease.ts";
import { ChangeStreams } from "./change-stream.ts";
import { GatewayCalls } from "./gateway-calls.ts";
import type {
  CallReply,
  GatewayCall,
  GatewayGroupRpc,
  HeldCall,
  LentReport,
  PassedOn,
  ServerFacts,
  WaitEnding,
} from "./gateway-group-rpc.ts";
import { GroupCalls } from "./group-calls.ts";
import { problem, unknownTask, upstreamProblem } from "./group-problems.ts";
import { GroupTasks } from "./group-tasks.ts";
import { HeldCalls } from "./held-calls.ts";
import { LastLists } from "./last-lists.ts";
import { passedOn } from "./passed-on.ts";
import { PushHandover } from "./push-handover.ts";
import { TaskEvents } from "./task-events.ts";
import type {
  Acknowledgement,
  DeliveryView,
  GroupIdentity,
  ListQuery,
  Reply,
  StartCall,
  TaskGroupRpc,
  TaskWait,
} from "./task-group-rpc.ts";
import { changed, isNews } from "./task-wait.ts";
import type { WebhookDelivery, WebhookKind, WebhookSender } from "./webhook-delivery.ts";
import { WebhookOutbox } from "./webhook-outbox.ts";

/**
 * The tasks of one principal on one endpoint, or a share of them: see TaskGroupRpc. A facade over its parts: the tasks, the
 * calls that start them, calls that clients wait for, webhooks, and streams of changes.
 */
export class TaskGroup
  extends DurableObject<Bindings>
  implements TaskGroupRpc, GatewayGroupRpc, ConsentSubscriber, NoticeSource, EventSource, WebhookSender
{
  readonly #counters: Counters = new Counters();
  readonly #tasks: GroupTasks = new GroupTasks({
    state: this.ctx,
    env: this.env,
    counters: this.#counters,
    changed: (task) => this.#changed(task),
    gone: (id) => this.#gone(id),
    left: (calls) => this.#gatewayCalls.recover(calls),
  });
  /** Calls whose caller is about to receive their answer. */
  readonly #attended: Set<string> = new Set();
  readonly #calls: GroupCalls = new GroupCalls({
    tasks: this.#tasks,
    counters: this.#counters,
    report: () => this.#report(),
    webhooks: () => this.#webhooks,
    attended: this.#attended,
  });
  readonly #lastLists = new LastLists(this.ctx.storage.kv);
  readonly #gatewayCalls: GatewayCalls = new GatewayCalls({
    tasks: this.#tasks,
    calls: this.#calls,
    held: () => this.#heldCalls,
    attended: this.#attended,
    lease: (identity) => this.#leaseOf(identity),
    isReachable: () => this.#tasks.isReachable(),
  });
  #lease: CallLease | undefined;
  /** Deleted tasks of which the directory has not heard. */
  readonly #goneIds: string[] = [];
  // Made when they are first used: an object that is only asked for a task it does not have stores nothing.
  #heldCallsMade: HeldCalls | undefined;
  #webhooksMade: WebhookOutbox | undefined;
  #eventsMade: TaskEvents | undefined;
  readonly #pushes: PushHandover = new PushHandover(this.ctx.storage, {
    task: async (id, whole) => (whole ? this.task(id) : this.#tasks.known?.leanTask(id)),
    push: (notices) => directoryOf(this.env, this.#tasks.identity?.principal ?? "").push(notices),
  });
  #streams: ChangeStreams | undefined;

  start(identity: GroupIdentity, call: StartCall, waitMs: number): Promise<Reply<TaskView>> {
    return this.#calls.start(identity, call, waitMs);
  }

  async task(id: string, wait?: TaskWait): Promise<TaskView | undefined> {
    const tasks = await this.#tasks.resumed();
    const task = await tasks?.task(id);
    if (!tasks || !task || !wait || task.outcome || isNews(task, wait)) return task;
    await changed(tasks, id, wait);
    return tasks.task(id);
  }

  async tasks(query: ListQuery): Promise<TaskPage> {
    const tasks = await this.#tasks.resumed();
    return tasks?.tasks(query) ?? { tasks: [], full: false };
  }

  async answer(id: string, key: string, response: JsonObject): Promise<Reply<TaskView>> {
    const tasks = await this.#tasks.resumed();
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
    const task = await (await this.#tasks.resumed())?.client.get(id);
    if (!task) return unknownTask(id);
    await task.cancel();
    return this.#reply(id);
  }

  async notify(id: string, addressee: string): Promise<Reply<null>> {
    const tasks = await this.#tasks.resumed();
    if (!tasks?.has(id)) return unknownTask(id);
    try {
      await inboxOf(tasks.client).notify({ id }, addressee);
    } catch (error) {
      // Too many of them: the route has checked the name.
      if (error instanceof TypeError) return problem("invalid-addressee", error.message);
      throw error;
    }
    return { ok: true, value: null };
  }

  async undelivered(query: UndeliveredQuery): Promise<readonly DeliveryView[]> {
    const tasks = await this.#tasks.resumed();
    if (!tasks) return [];
    const deliveries = await inboxOf(tasks.client).undelivered(query);
    return deliveries.flatMap(({ task, question, ...delivery }) => {
      const view = tasks.leanTask(task.id);
      if (!view) return [];
      const params = view.omitted?.includes("inputRequests") ? {} : question?.params;
      return { ...delivery, task: view, ...(question && params && { question: { ...question, params } }) };
    });
  }

  async acknowledge(id: string, { key, ...delivery }: Acknowledgement): Promise<Reply<boolean>> {
    const tasks = await this.#tasks.resumed();
    if (!tasks?.has(id)) return unknownTask(id);
    const question = key === undefined ? {} : { question: { key } };
    const value = await inboxOf(tasks.client).acknowledge({ ...delivery, task: { id }, ...question });
    return { ok: true, value };
  }

  async forget(id: string, force: boolean): Promise<Reply<null>> {
    const tasks = await this.#tasks.resumed();
    const task = await this.task(id);
    if (!tasks || !task) return unknownTask(id);
    if (!task.outcome && !force)
      return problem("running", `Task ${id} is running: cancel it first, or delete it with force=true`);
    await tasks.client.forget(id, { force });
    return { ok: true, value: null };
  }

  async tools(identity: GroupIdentity): Promise<Reply<readonly ListedTool[]>> {
    try {
      return { ok: true, value: await this.#tasks.of(identity).client.listTools(identity.endpoint) };
    } catch (error) {
      return { ok: false, problem: upstreamProblem(error) };
    }
  }

  async server(identity: GroupIdentity): Promise<Reply<ServerFacts>> {
    try {
      const { serverCapabilities, serverInfo, instructions } = await this.#tasks
        .of(identity)
        .client.session(identity.endpoint);
      const value = {
        capabilities: serverCapabilities,
        ...(serverInfo && { serverInfo }),
        ...(instructions && { instructions }),
      };
      return { ok: true, value };
    } catch (error) {
      return { ok: false, problem: upstreamProblem(error) };
    }
  }

  async passOn(identity: GroupIdentity, method: string, params: JsonObject): Promise<PassedOn> {
    const reply = await passedOn(this.#tasks.of(identity).client, identity.endpoint, method, params);
    if (method.endsWith("/list")) {
      if (reply.ok) this.#lastLists.note(method, params, reply.result);
      else if (reply.error.code === METHOD_NOT_FOUND) this.#lastLists.note(method, params, {});
    }
    return reply;
  }

  async lastPage(method: string, params: JsonObject): Promise<JsonObject | undefined> {
    return this.#lastLists.page(method, params);
  }

  call(identity: GroupIdentity, call: GatewayCall): Promise<CallReply> {
    const { made = 0 } = call.lent ?? {};
    if (made > 0) {
      this.#counters.add("started", made);
      this.#counters.add("settled:completed", made);
      this.#gatewayCalls.lentMade(identity, made);
    }
    return this.#gatewayCalls.call(identity, call);
  }

  async lentCalls(identity: GroupIdentity, { records, made, counts }: LentReport): Promise<void> {
    for (const [count, by = 0] of Object.entries(counts)) this.#counters.add(count as Count, by);
    this.#counters.add("started", made);
    // A record is counted when it is stored, also one of a call that was reported before.
    this.#counters.add("settled:completed", made - records.length);
    this.#gatewayCalls.lentMade(identity, made);
    await this.#gatewayCalls.storeLent(identity, records);
    this.#report();
  }

  async hold(call: HeldCall, id: string, since: number): Promise<void> {
    this.#heldCalls.hold(call, id, since);
  }

  async release(hold: string, ending: WaitEnding): Promise<void> {
    const id = this.#heldCalls.release(hold, ending);
    const task = id === undefined ? undefined : this.#tasks.known?.leanTask(id);
    // A plain call that ended while its client was thought to wait for it.
    const now = Date.now();
    if (task?.outcome && task.taskId === undefined && this.#events.note(task, now))
      await this.#tasks.known?.wakeAt(now);
  }

  async delivered(id: string): Promise<void> {
    this.#heldCalls.delivered(id);
  }

  async gaveUpAfter(id: string): Promise<number | undefined> {
    return this.#heldCalls.gaveUpAfter(id);
  }

  async consentChanged(): Promise<void> {
    this.#tasks.forgetToken();
    (await this.#tasks.resumed())?.client.nudge();
  }

  async pushDemanded(demand: PushDemand): Promise<void> {
    this.#pushes.demanded(demand);
  }

  async subscriptionsChanged(id: string, replay?: EventReplay): Promise<EventBacklog> {
    const backlog = this.#events.changed(id);
    const tasks = await this.#tasks.resumed();
    if (!tasks || !replay) return backlog;
    const now = Date.now();
    const truncated = this.#events.replay(replay, (query) => tasks.tasks(query), now);
    await tasks.wakeAt(now);
    return { waits: true, truncated: truncated || backlog.truncated };
  }

  async webhookDeliveries(): Promise<readonly WebhookDelivery[]> {
    // An object without tasks has sent nothing, and stores nothing for being asked.
    if (!(await this.#tasks.resumed())) return [];
    const all = [...this.#webhooks.deliveries(), ...this.#events.deliveries()];
    return all.sort((a, b) => (b.at ?? b.dueAt ?? 0) - (a.at ?? a.dueAt ?? 0));
  }

  async sendAgain(kind: WebhookKind, row: string): Promise<boolean> {
    const tasks = await this.#tasks.resumed();
    if (!tasks) return false;
    const now = Date.now();
    const isThere = kind === "task" ? this.#webhooks.again(row, now) : this.#events.again(row, now);
    if (isThere) await tasks.wakeAt(now);
    return isThere;
  }

  async active(admitted: readonly string[] = []): Promise<GroupLoad> {
    const tasks = await this.#tasks.resumed();
    this.#lease?.end();
    const lent = this.#gatewayCalls.lentInFlight;
    if (!tasks) return { tasks: 0, bytes: 0, lent, absent: admitted };
    return {
      tasks: tasks.activeCount(),
      bytes: tasks.activeWeight(),
      lent,
      absent: admitted.filter((id) => !tasks.has(id)),
    };
  }

  override async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const tasks = await this.#tasks.resumed();
    if (!tasks) return new Response("This object holds no tasks yet", { status: 404 });
    const after = searchParams.get("after");
    this.#streams ??= new ChangeStreams(tasks);
    return this.#streams.open({
      after: after === null ? undefined : Number(after),
      id: searchParams.get("task") ?? undefined,
    });
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const { identity, known: tasks } = this.#tasks;
    if (!identity || !tasks) return;
    this.#counters.add("wakeups");
    try {
      const now = Date.now();
      // One after the other: the tasks' polls have the other connections.
      const delivering = this.#webhooks.deliver(now).then(() => this.#events.deliver(now));
      await Promise.all([tasks.alarm(info), delivering, this.#pushes.deliver(now)]);
      // What an earlier life left may be called again long after this one.
      await this.#tasks.resumed();
      const next = Math.min(
        this.#webhooks.nextDue(),
        this.#events.nextDue(),
        this.#pushes.nextDue(),
        this.#tasks.mendedBy(now),
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

  #leaseOf(identity: GroupIdentity): CallLease {
    this.#lease ??= new CallLease(identity, () => directoryOf(this.env, identity.principal));
    return this.#lease;
  }

  get #heldCalls(): HeldCalls {
    this.#heldCallsMade ??= new HeldCalls(this.ctx.storage.sql);
    return this.#heldCallsMade;
  }

  get #webhooks(): WebhookOutbox {
    this.#webhooksMade ??= new WebhookOutbox(this.ctx.storage.sql, {
      secret: this.env.WEBHOOK_SECRET,
      principal: () => this.#tasks.identity?.principal,
      fetch: guardedFetch({ allowPrivate: this.env.WEBHOOK_PRIVATE === "true" }),
      task: (id) => this.task(id),
      delivered: (id, result) => {
        this.#counters.add(`webhooks:${result}`);
        log("webhook", { task: id, result });
      },
    });
    return this.#webhooksMade;
  }

  get #events(): TaskEvents {
    this.#eventsMade ??= new TaskEvents(this.ctx.storage, {
      fetch: guardedFetch({ allowPrivate: this.env.WEBHOOK_PRIVATE === "true" }),
      delivered: (id, subscription, result) => {
        this.#counters.add(`webhooks:${result}`);
        log("webhook", { id, subscription, result });
      },
      subscriptions: () => this.#subscriptions(),
      task: (id) => this.#tasks.known?.leanTask(id),
    });
    return this.#eventsMade;
  }

  async #subscriptions(): Promise<readonly EventSubscription[]> {
    const { principal = "", endpoint = "" } = this.#tasks.identity ?? {};
    // A principal that may no longer use the endpoint learns nothing of it.
    if (!endpointsOf(this.env, principal).some(({ name }) => name === endpoint)) return [];
    return directoryOf(this.env, principal).eventSubscriptions(endpoint);
  }

  async #reply(id: string): Promise<Reply<TaskView>> {
    const value = await this.task(id);
    return value ? { ok: true, value } : unknownTask(id);
  }

  /** Deleted, or one too many to be kept: its Idempotency-Key may live on, and must not make the call again. */
  #gone(id: string): void {
    this.#webhooks.withdraw(id);
    this.#pushes.forget(id);
    this.#events.forget(id);
    const { principal = "" } = this.#tasks.identity ?? {};
    const uuid = readTaskId(id)?.uuid ?? "";
    // A week's tasks may be gone at once, and their keys have been for long.
    if (!(timeIn(uuid) > Date.now() - KEY_LIFE_MS)) return;
    // Retention deletes a hundred at a time.
    if (this.#goneIds.push(id) > 1) return;
    setTimeout(() => {
      directoryOf(this.env, principal)
        .deleted(this.#goneIds.splice(0))
        .catch(() => undefined);
    });
  }

  #changed(task: TaskView): void {
    const now = Date.now();
    const isAttended =
      task.taskId === undefined && (this.#attended.has(task.id) || this.#isWaitedFor(task.id));
    const isEvent = !isAttended && this.#events.note(task, now);
    if (this.#pushes.changed(task, now) || isEvent) void this.#tasks.known?.wakeAt(now);
    this.#settled(task);
  }

  /** A plain call is an event only for a caller that has not received its answer. */
  #isWaitedFor(id: string): boolean {
    return this.#heldCallsMade?.isWaitedFor(id, Date.now()) ?? false;
  }

  #settled(view: TaskView): void {
    const { id, taskId, endpoint, tool, outcome, createdAt, settledAt = createdAt } = view;
    if (!outcome) return;
    this.#counters.add(`settled:${outcome.kind}`);
    // Plain calls are counted: a line for each would cost more than the call.
    if (taskId !== undefined || outcome.kind !== "completed")
      log("settled", {
        ...{ task: id, endpoint, tool, outcome: outcome.kind, ms: settledAt - createdAt },
        // As OpenTelemetry names it in logs of JSON: `traceparent` is version, trace, span and flags.
        trace_id: view.trace?.traceparent.split("-")[1],
      });
    const now = Date.now();
    if (this.#webhooks.settled(id, now)) void this.#tasks.known?.wakeAt(now);
    this.#report();
  }

  #report(): void {
    this.#counters.report(this.env, this.ctx.id);
  }
}
