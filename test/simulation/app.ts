import type { Connector } from "../../src/channel/connection.ts";
import { TaskClient } from "../../src/client/task-client.ts";
import { RequestFailedError } from "../../src/engine/request-failed.ts";
import { InputError, TaskError } from "../../src/errors.ts";
import type { InputRequest } from "../../src/protocol/input-request.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { TabPlatform } from "../../src/runtime/tab-platform.ts";
import type { TaskStore } from "../../src/store/task-store.ts";
import type { Task } from "../../src/task.ts";
import { testHost } from "../fixtures/test-host.ts";
import { InboxReader } from "./inbox-reader.ts";
import type { InboxWatch } from "./inbox-watch.ts";
import type { GivenAnswer, Invariants } from "./invariants.ts";
import type { Random } from "./random.ts";
import type { Tab } from "./tab.ts";
import type { Say } from "./trace.ts";

/** A call somebody makes in the app. */
export interface AppCall {
  readonly tag: string;
  readonly endpoint: string;
  readonly tool: string;
  readonly repeatable: boolean | undefined;
  /** It has an idempotency key. */
  readonly keyed?: boolean;
  /** Cancelled so long after the call, in ms. */
  readonly cancelAfterMs: number | undefined;
}

export interface AppSetting {
  readonly tab: Tab;
  readonly random: Random;
  readonly store: TaskStore;
  readonly endpoints: Readonly<Record<string, Connector>>;
  readonly platform: TabPlatform | null;
  readonly invariants: Invariants;
  readonly happened: (what: string) => void;
  readonly trace: Say;
  /** How long a leader may take to do what another tab asks of it, in ms; undefined where tabs learn late who leads. */
  readonly actMs: number | undefined;
  /** How long the disk has worked so far, in ms: it may be slow, and all tabs wait for it. */
  readonly diskMs: () => number;
  /** The lead of another tab. */
  readonly leadOf: (endpoint: string) => object | undefined;
  /** How soon, and how surely, questions are answered. */
  readonly diligence: number;
  /** In worlds whose calls have an addressee. */
  readonly inbox: { readonly random: Random; readonly watch: InboxWatch } | undefined;
}

/** The web app in one tab, and the person before it. */
export class App {
  readonly tab: Tab;
  readonly client: TaskClient;
  readonly #setting: AppSetting;
  readonly #random: Random;
  /** Promises the library has given and not kept yet, and the tag each is about. */
  readonly #open: Map<string, string | undefined> = new Map();
  /** And since when, in ms of the world. */
  readonly #followed: Map<Task, number> = new Map();
  /** Questions somebody here is thinking about, or has decided to leave to others. */
  readonly #considered: Set<string> = new Set();
  readonly #called: Map<string, AppCall> = new Map();
  readonly #reader: InboxReader | undefined;
  #diligent = false;
  #promises = 0;
  #closing = false;

  constructor(setting: AppSetting) {
    const { tab, store, endpoints, platform } = setting;
    this.tab = tab;
    this.#setting = setting;
    this.#random = setting.random;
    this.client = new TaskClient({
      store,
      endpoints,
      host: testHost({ clock: tab.clock, ...(platform && { tabs: platform }) }),
      onProblem: ({ kind, message }) => setting.trace?.(`${tab.name} reports ${kind}: ${message}`),
    });
    this.client.subscribe((task) => this.#follow(task));
    const { inbox } = setting;
    if (inbox) this.#reader = new InboxReader(tab, inbox.random, this.client, inbox.watch);
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** Whether it has waited for a task of the endpoint since then. */
  awaits(endpoint: string, since: number): boolean {
    for (const [{ view }, at] of this.#followed)
      if (at <= since && view.endpoint === endpoint && !view.outcome) return true;
    return false;
  }

  /** Whether the app waits for anything. */
  get waits(): boolean {
    return !this.#waiting().next().done;
  }

  /** What the app waits for. */
  get waitsFor(): readonly string[] {
    return [...this.#waiting()];
  }

  *#waiting(): Generator<string, void> {
    if (this.#closing) return;
    const { invariants } = this.#setting;
    for (const [promise, tag] of this.#open)
      if (tag === undefined || !invariants.isUnknownTo(this.tab, tag)) yield promise;
    for (const task of this.#followed.keys())
      if (!task.view.outcome && !invariants.isUnknownTo(this.tab, tagOf(task)))
        yield `${this.tab.name}: the task of ${tagOf(task)}`;
  }

  start(): void {
    this.#track(undefined, "resume()", this.client.resume(), [], (tasks) => {
      for (const task of tasks) this.#follow(task);
    });
  }

  call(call: AppCall): void {
    const { tag, endpoint, tool, repeatable, keyed = false } = call;
    this.#setting.trace?.(`${this.tab.name} calls ${tool} on ${endpoint} as ${tag}`);
    this.#setting.invariants.called(this.tab, tag, repeatable ?? tool === "harmless", keyed);
    this.#called.set(tag, call);
    const notify = this.#reader?.notify;
    const options = {
      ...(repeatable !== undefined && { repeatable }),
      ...(keyed && { idempotencyKey: true }),
      ...(notify && { notify }),
    };
    this.#track(
      tag,
      `callTool(${tag})`,
      this.client.callTool(endpoint, tool, { tag }, options),
      [TaskError, RequestFailedError],
      (task) => this.#follow(task),
    );
  }

  /** From now on every question is answered. */
  beDiligent(): void {
    this.#diligent = true;
    this.#considered.clear();
    this.#track(undefined, "list()", this.client.list(), [], (tasks) => {
      for (const task of tasks) this.#follow(task);
    });
    for (const task of this.#followed.keys()) this.#look(task);
  }

  nudge(): void {
    this.#setting.invariants.nudged(this.tab);
    this.client.nudge();
  }

  /** The page ends as a well-behaved one does. */
  close(): Promise<void> {
    this.#closing = true;
    this.#setting.invariants.closes(this.tab);
    return this.client.close();
  }

  #follow(task: Task): void {
    const { tab } = this;
    if (!tab.alive) return;
    if (!this.#followed.has(task)) {
      this.#followed.set(task, tab.now);
      task.subscribe(() => this.#look(task));
      this.#reader?.follow(task);
      if (!task.view.outcome && this.#random.chance(0.5)) {
        this.#track(tagOf(task), `result() of ${tagOf(task)}`, task.result(), [TaskError], () => undefined);
      }
      const call = this.#called.get(tagOf(task));
      if (call?.cancelAfterMs !== undefined && !task.view.outcome) {
        this.tab.after(call.cancelAfterMs, () => this.#cancel(task));
      }
    }
    this.#look(task);
  }

  #look(task: Task): void {
    if (!this.tab.alive) return;
    const { outcome } = task.view;
    const tag = tagOf(task);
    if (outcome) {
      this.#reader?.shown(task);
      this.#setting.invariants.shown(this.tab, task.id, tag, outcome, task.view.taskId);
      return;
    }
    for (const request of task.view.inputRequests) {
      const name = `${tag}/${request.key}`;
      if (this.#considered.has(name)) continue;
      this.#considered.add(name);
      if (!this.#diligent && !this.#random.chance(this.#setting.diligence)) continue;
      const thinking = this.#diligent ? 10 : this.#random.spread(50, 60_000);
      this.tab.after(thinking, () => this.#answer(task, request));
    }
  }

  #answer(task: Task, { key, method }: InputRequest): void {
    const tag = tagOf(task);
    if (task.view.outcome || this.#closing) return;
    const token = `${this.tab.name}-${++this.#promises}`;
    const answer: GivenAnswer = {
      tag,
      key,
      response: responseTo(method, token, this.#random),
      state: "given",
    };
    this.#setting.trace?.(`${this.tab.name} answers ${key} of ${tag} with ${token}`);
    if (this.#setting.invariants.isElsewhere(tag, this.tab))
      this.#setting.happened("answered in another tab");
    this.#setting.invariants.answers(answer, task.view.taskId);
    const answering = task.answer(key, answer.response);
    this.#expectSoon(task, `answer(${tag}/${key})`, answering);
    this.#track(
      tag,
      `answer(${tag}/${key})`,
      answering,
      [InputError],
      () => {
        this.#setting.invariants.answerTaken(task.id, answer);
        this.#lookAgain(task, key);
      },
      () => {
        this.#setting.invariants.answerNotTaken(answer, task.view.endpoint);
        this.#setting.happened("answer refused by the library");
        this.#lookAgain(task, key);
      },
    );
  }

  /** A question may come open again: the server refused the answer, or asks under the same key as before. */
  #lookAgain(task: Task, key: string): void {
    this.tab.after(1_000, () => {
      this.#considered.delete(`${tagOf(task)}/${key}`);
      this.#look(task);
    });
  }

  #cancel(task: Task): void {
    if (task.view.outcome || this.#closing) return;
    this.#setting.trace?.(`${this.tab.name} cancels ${tagOf(task)}`);
    this.#setting.invariants.cancels(tagOf(task), task.view.taskId);
    const cancelling = task.cancel();
    this.#expectSoon(task, `cancel(${tagOf(task)})`, cancelling);
    this.#track(tagOf(task), `cancel(${tagOf(task)})`, cancelling, [], () =>
      this.#setting.invariants.cancelTaken(task.id),
    );
  }

  /** Before there is a task, the tab that makes the call is waited for. */
  #expectSoon(task: Task, name: string, promise: Promise<unknown>): void {
    const { actMs, diskMs, leadOf, invariants } = this.#setting;
    const lead = leadOf(task.view.endpoint);
    if (task.view.taskId === undefined || actMs === undefined || !lead) return;
    const { thawedAt } = this.tab;
    let ended = false;
    const end = (): void => {
      ended = true;
    };
    promise.then(end, end);
    const check = (after: number, spent: number): void => {
      this.tab.after(after, () => {
        // Frozen meanwhile, it could not do without its leader.
        if (ended || this.#closing || this.tab.thawedAt !== thawedAt || leadOf(task.view.endpoint) !== lead)
          return;
        const waited = diskMs() - spent;
        if (waited > 0) return check(waited, spent + waited);
        invariants.violate(
          "a leader that does not do what it is asked is replaced",
          `${this.tab.name}: ${name} has taken ${actMs} ms`,
        );
      });
    };
    check(actMs, diskMs());
  }

  #track<T>(
    tag: string | undefined,
    name: string,
    promise: Promise<T>,
    mayReject: readonly (abstract new (...args: never[]) => Error)[],
    kept: (value: T) => void,
    broken: () => void = () => undefined,
  ): void {
    const label = `${this.tab.name}: ${name}`;
    const unique = `${label} #${++this.#promises}`;
    this.#open.set(unique, tag);
    promise.then(
      (value) => {
        this.#open.delete(unique);
        if (this.tab.alive) kept(value);
      },
      (error: unknown) => {
        this.#open.delete(unique);
        if (!this.tab.alive) return;
        this.#setting.trace?.(`${label} rejects: ${String(error)}`);
        broken();
        if (this.#closing || mayReject.some((kind) => error instanceof kind)) return;
        this.#setting.invariants.violate(
          "a promise rejects only with what is documented",
          `${label}: ${String(error)}`,
        );
      },
    );
  }
}

function tagOf(task: Task): string {
  return String(task.view.arguments.tag);
}

function responseTo(method: InputRequest["method"], token: string, random: Random): JsonObject {
  switch (method) {
    case "elicitation/create":
      if (random.chance(0.1)) return { action: "decline" };
      return { action: "accept", content: { answer: token } };
    case "sampling/createMessage":
      return { role: "assistant", content: { type: "text", text: token }, model: "simulated" };
    case "roots/list":
      return { roots: [{ uri: `file:///${token}` }] };
    default:
      return { action: "decline" };
  }
}
