import { DEFAULT_REQUEST_TIMEOUT_MS } from "../../src/channel/rpc-channel.ts";
import type { Outcome, TaskRecord } from "../../src/engine/record.ts";
import { isObject, type JsonObject, sameJson } from "../../src/protocol/json.ts";
import type { Agenda } from "./agenda.ts";
import type { Disk, DiskEvents } from "./disk.ts";
import { lostBy } from "./durable-loss.ts";
import { STREAM_FORGOTTEN } from "./event-log.ts";
import type { Message } from "./exchange.ts";
import { type AcceptedAnswer, type Execution, type Ledger, requestKey } from "./ledger.ts";
import { LostLeads } from "./lost-leads.ts";
import { type CallHistory, wrongOutcome } from "./outcome-check.ts";
import { type PacedReading, PollPace } from "./poll-pace.ts";
import type { WireEvents } from "./simulated-transport.ts";
import type { Tab } from "./tab.ts";
import type { Say } from "./trace.ts";
import type { LockTable } from "./virtual-locks.ts";

/** A promise of the library that was not kept. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(detail);
    this.invariant = invariant;
  }
}

/** An answer the app gave, and what the library reported of it. */
export interface GivenAnswer {
  readonly tag: string;
  readonly key: string;
  readonly response: JsonObject;
  state: "given" | "taken" | "refused";
}

export interface InvariantSetting {
  readonly agenda: Agenda;
  readonly ledger: Ledger;
  readonly locks: LockTable;
  /** By endpoint, the lock of the tab that polls it; none where a tab is alone and knows of no others. */
  readonly leaderLocks: ReadonlyMap<string, string>;
  readonly happened: (what: string) => void;
  readonly trace: Say;
  readonly crash: (tab: Tab, moment: string) => void;
}

/** How long a tab may still poll after it learned that it lost the lead, or after it was thawed, in ms: a read or a write may be under way. */
const STEPPED_DOWN_MS = 1_000;

/** Watches all messages, writes and views, and checks them against the promises of the library. */
export class Invariants implements DiskEvents, WireEvents {
  readonly #setting: InvariantSetting;
  readonly #pace: PollPace;
  #disk: Disk | undefined;
  #violation: Violation | undefined;
  /** Outcomes that were written or shown, by record. */
  readonly #outcomes: Map<string, Outcome> = new Map();
  /** Records a write of which failed. The library reported this to the app, and from then on memory counts. */
  readonly #unstored: Set<string> = new Set();
  /** The tabs that know outcomes which could not be written. */
  readonly #endsKnownTo: Map<string, Tab> = new Map();
  /** Tags whose call may have been lost on the way. */
  readonly #troubled: Set<string> = new Set();
  readonly #cancelled: Set<string> = new Set();
  readonly #repeatable: Set<string> = new Set();
  /** Calls with an idempotency key. */
  readonly #keyed: Set<string> = new Set();
  readonly #given: GivenAnswer[] = [];
  readonly #givenAt: Map<GivenAnswer, number> = new Map();
  /** Each with its question, as first written. */
  readonly #durableAnswers: Set<string> = new Set();
  /** By session and id of the server's request (2025-11-25): a question asked again in a new session has another, and its key. */
  readonly #askedAs: Map<string, { readonly record: TaskRecord; readonly key: string }> = new Map();
  readonly #sentAnswers: Map<string, JsonObject> = new Map();
  /** Questions an answer to which the server refused: they may be answered otherwise. */
  readonly #refusedAnswers: Set<string> = new Set();
  readonly #callers: Map<string, Tab> = new Map();
  /** The tab that sent the last `tools/call` of a tag: one that answered may send it again (mrtr). */
  readonly #calledLastBy: Map<string, Tab> = new Map();
  readonly #callReplies: Set<string> = new Set();
  /** How many `tools/call` of a tag have had no reply. */
  readonly #callsOut: Map<string, number> = new Map();
  /** By tab, method and task: when the last request left, and its id. */
  readonly #sentLast: Map<string, { readonly at: number; readonly id: Message["id"] }> = new Map();
  /** Requests whose replies no tab reads any longer. */
  readonly #givenUp: Set<string> = new Set();
  /** When each request left. */
  readonly #leftAt: Map<string, number> = new Map();
  readonly #lostLeads: LostLeads = new LostLeads();
  /** By call: when a tab that had not made it polled its task first. */
  readonly #takenOverAt: Map<string, number> = new Map();
  /** Records that another tab moved on, until this one has read them again. */
  readonly #overtaken: Map<Tab, Set<string>> = new Map();
  #clockSets = 0;

  constructor(setting: InvariantSetting) {
    this.#setting = setting;
    this.#pace = new PollPace(setting.agenda);
    setting.ledger.onAnswer = (answer) => this.#accepted(answer);
    setting.ledger.onExecution = (execution) => this.#executed(execution);
    setting.locks.onChange = (name, tab, stolenFrom) => this.#lockMoved(name, tab, stolenFrom);
    setting.locks.onGrant = (name, tab) => this.#lockGranted(name, tab);
    setting.locks.onBadNews = (name, tab) => this.#lostLeads.learned(tab, name, setting.agenda.now);
  }

  watch(disk: Disk): void {
    this.#disk = disk;
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  /**
   * The library reported to the app that its disk fails. Either the app has seen an outcome that is not on disk, or the tab that
   * knew the last answers died with them, and the other tabs, which were notified of them, ask nobody again.
   */
  endedInMemory(record: TaskRecord): boolean {
    return this.#isUnstored(record) && (this.#outcomes.has(record.id) || record.stage === "asking");
  }

  /** The outcome of this call could not be written, and this tab does not know it. */
  isUnknownTo(tab: Tab, tag: string): boolean {
    if (!this.#unstored.has(tag)) return false;
    return this.#endsKnownTo.get(tag) !== tab;
  }

  /** A write of the call's record failed: memory counts from then on. */
  isUnstoredTag(tag: string): boolean {
    return this.#unstored.has(tag);
  }

  get isClockSet(): boolean {
    return this.#clockSets > 0;
  }

  violate(invariant: string, detail: string): void {
    if (this.#violation) return;
    this.#violation = new Violation(invariant, detail);
    this.#setting.trace?.(`VIOLATION of "${invariant}": ${detail}`);
  }

  // ── the disk ───────────────────────────────────────────────────────────────────────────────────

  committed(tab: Tab, record: TaskRecord, before: TaskRecord | undefined): void {
    const { stage, rev, outcome, taskId } = record;
    const inputs = record.inputs.map(({ key, state }) => `${key}:${state}`).join(" ");
    const tag = this.#tag(record);
    this.#setting.trace?.(
      `${tab.name} writes ${tag} rev ${rev} ${outcome?.kind ?? stage} ${taskId ?? ""} ${inputs}${record.cancel ? " cancelling" : ""}`,
    );
    this.#overwritten(tab, record, before);
    if (before?.outcome && !sameJson(before.outcome, outcome)) {
      this.violate(
        "an outcome never changes",
        `${tag} was ${before.outcome.kind}, is ${outcome?.kind ?? stage} on disk`,
      );
    }
    if (before?.taskId !== undefined && before.taskId !== taskId) {
      this.violate("a task is not exchanged for another", `${tag} was ${before.taskId}, is ${taskId}`);
    }
    for (const { key, state } of before?.inputs ?? []) {
      const now = record.inputs.find((input) => input.key === key)?.state;
      if (state === "delivered" && now !== undefined && now !== "delivered") {
        this.violate("a question is answered once", `${key} of ${tag} was delivered, is ${now}`);
      }
    }
    for (const { key, state, response, rpcId, sessionId, resend } of record.inputs) {
      if (rpcId !== undefined) this.#askedAs.set(requestKey(rpcId, sessionId), { record, key });
      if (response) this.#durableAnswers.add(`${tag}/${key} ${JSON.stringify(response)}`);
      const earlier = before?.inputs.find((input) => input.key === key);
      const moved = earlier?.state !== state || earlier.resend !== resend;
      if (moved && taskId !== undefined) this.#pace.excuse(taskId);
    }
    const over = record.snapshot?.status !== before?.snapshot?.status && isOver({ ...record.snapshot });
    if ((record.cancel !== before?.cancel || over) && taskId !== undefined) this.#pace.excuse(taskId);
    if (taskId !== undefined && record.heldUntil !== before?.heldUntil)
      this.#pace.heldOnDisk(taskId, record.heldUntil ?? 0);
    // A tab that sends a call again may die before its reply comes, as the first caller may.
    if (stage === "calling") tab.onDeath(() => this.#troubled.add(tag));
    // From here on the request is abandoned, and a reply that is already on its way is not read.
    const abandons =
      record.cancel !== undefined && (record.generation === "2026-07-28" || !record.call.asTask);
    if (stage === "calling" && abandons && (this.#callsOut.get(tag) ?? 0) > 0) this.#troubled.add(tag);
    if (stage === "queued") {
      this.#setting.happened("queued call");
      if (this.#setting.ledger.executions(tag).length > 0 && !record.call.repeated)
        this.violate("a queued call has not run", tag);
    }
    if (before?.stage === "queued") {
      if (outcome?.kind === "lost") this.violate("a queued call is never lost", tag);
      if (stage === "calling" && this.#callers.get(tag) !== tab)
        this.#setting.happened("queued call of another page");
    }
    if (before?.call.refused && outcome?.kind === "lost")
      this.violate("a call that is still to be sent is never lost", tag);
    if (outcome) this.#decided(record, outcome, before);
  }

  /** A tab that reads a record by its id has nothing of it in memory: it releases what it knew of the task. */
  read(tab: Tab, { id, taskId }: TaskRecord): void {
    this.#overtaken.get(tab)?.delete(id);
    if (taskId !== undefined) this.#pace.released(tab, taskId);
  }

  /** A new leader adopts the records it lists, except those it has in memory. It has released a state whose write was refused. */
  listed(tab: Tab, { id }: TaskRecord): void {
    this.#overtaken.get(tab)?.delete(id);
  }

  superseded(tab: Tab, record: TaskRecord): void {
    const overtaken = this.#overtaken.get(tab) ?? new Set();
    this.#overtaken.set(tab, overtaken.add(record.id));
    this.#setting.happened("superseded write");
    this.#setting.trace?.(`${tab.name} is late with ${this.#tag(record)} rev ${record.rev}`);
  }

  removed(tab: Tab, id: string, before: TaskRecord | undefined): void {
    if (!before) return;
    const tag = this.#tag(before);
    this.#setting.trace?.(`${tab.name} removes ${tag}`);
    const { ledger } = this.#setting;
    // A repeatable call may leave a task behind: its tool is declared safe to repeat.
    const plain = this.#repeatable.has(tag) || ledger.executions(tag).at(-1)?.taskId === undefined;
    // A reply that nobody can read ends the call as failed, whatever the server made of it. A call whose handshake the server
    // refused never left. One that asks for no task, and is safe to repeat, leaves no record each time that it is sent.
    const leaves = !this.#calledLastBy.has(tag) || (this.#repeatable.has(tag) && !before.call.asTask);
    const ended =
      (plain || ledger.noted(tag, "tools/call: malformed")) &&
      this.#callers.get(tag) === tab &&
      (this.#callReplies.has(tag) || leaves);
    if (!ended || before.taskId !== undefined) {
      this.violate(
        "no durable task is forgotten",
        `${tag} was removed as ${before.outcome?.kind ?? before.stage} (${id})`,
      );
    }
  }

  failed(tab: Tab, record: TaskRecord | undefined, ends: boolean): void {
    this.#setting.happened("quota exceeded");
    this.#setting.trace?.(`${tab.name} cannot write ${record ? this.#tag(record) : "the session"}`);
    if (!record) return;
    const tag = this.#tag(record);
    this.#unstored.add(tag);
    if (ends) this.#endsKnownTo.set(tag, tab);
    this.#troubled.add(tag);
    // The app's answer or cancel goes on in memory, and so does the poll after it.
    if (record.taskId !== undefined) this.#pace.excuse(record.taskId);
  }

  crash(tab: Tab, moment: string): void {
    this.#setting.happened(`crash ${moment.split(" ").slice(0, 2).join(" ")}`);
    this.#setting.crash(tab, moment);
  }

  // ── the wire ───────────────────────────────────────────────────────────────────────────────────

  leaving(tab: Tab, endpoint: string, message: Message): void {
    const { method, params = {}, id } = message;
    this.#setting.trace?.(
      `${tab.name} → ${endpoint}: ${method ?? "answer"} ${this.#about(params) ?? String(id ?? "")}`,
    );
    if (method !== undefined) this.#leftAt.set(requestOf(tab, endpoint, id), this.#setting.agenda.now);
    if (tab.frozen) this.violate("a frozen tab does nothing", `${tab.name} sends ${method}`);
    if (method === undefined) return this.#answers2025(message);
    if (method === "tools/call") return this.#calls(tab, params);
    if (method === "notifications/cancelled") {
      this.#givenUp.add(requestOf(tab, endpoint, params.requestId));
      this.#pace.givenUp(tab, params.requestId);
    }
    const { taskId } = params;
    if (typeof taskId !== "string" || !method.startsWith("tasks/")) return;
    const sending = `${tab.name} ${method} ${taskId}`;
    // A page that was thawed does at once what should have taken it a while, and receives what others published meanwhile.
    const { now } = this.#setting.agenda;
    if (this.#sentLast.get(sending)?.at === now && !this.#isUnsettled(tab, endpoint)) {
      this.violate("nothing is sent twice at once", sending);
    }
    this.#sentLast.set(sending, { at: now, id });
    const late = this.#pace.sends(tab, taskId);
    if (late && !this.#isUnsettled(tab, endpoint)) this.violate("Retry-After is honoured", late);
    const tag = this.#setting.ledger.tagOfTask(taskId) ?? "";
    const records = this.#disk?.recordsOfTask(endpoint, taskId) ?? [];
    const record = records.find((one) => this.#tag(one) === tag);
    // A tab that was frozen asks after the earlier task of an id that the server has used again meanwhile.
    if (!record && records.length > 0) return;
    if (!record) {
      if (!this.#unstored.has(tag)) {
        this.violate("no request for a task leaves before its record is durable", `${method} of ${taskId}`);
      }
      return;
    }
    if (method === "tasks/get") this.#polls(tab, endpoint, taskId, id);
    if (method === "tasks/cancel" && !records.some(({ cancel }) => cancel) && !this.#isUnstored(record)) {
      this.violate("no request for a task leaves before its record is durable", `tasks/cancel of ${taskId}`);
    }
    if (method === "tasks/update" && isObject(params.inputResponses)) {
      for (const [key, response] of Object.entries(params.inputResponses)) {
        const given = (one: TaskRecord): boolean =>
          this.#durableAnswers.has(`${this.#tag(one)}/${key} ${JSON.stringify(response)}`);
        // It may be for the earlier task of an id that the server has used again meanwhile.
        this.#answerLeaves(records.find(given) ?? record, key, response as JsonObject);
      }
    }
  }

  answered(tab: Tab, endpoint: string, request: Message, response: Message): void {
    const { method, params = {} } = request;
    this.#setting.trace?.(
      `${tab.name} ← ${endpoint}: ${method} ${this.#about(params) ?? ""}: ${outcomeOf(response)}`,
    );
    const late = this.#isLate(tab, endpoint, request);
    if (method === "tools/call") this.#callAnswered(this.#about(params) ?? "", late);
    // A page that was frozen reads a late refusal before its timer for the request fires.
    if (method === "tasks/update" && isObject(response) && "error" in response) this.#answerRefused(request);
    if (late) return this.#setting.happened("late reply");
    const result = isObject(response) && isObject(response.result) ? response.result : undefined;
    if (method === "tools/call" || method === "tasks/get") {
      const task = isObject(result?.task) ? result.task : result;
      const asked = method === "tasks/get" ? params.taskId : task?.taskId;
      if (typeof asked !== "string") return;
      if (method === "tasks/get" && !this.#pace.awaits(tab, asked, request.id)) return;
      if (task?.taskId === asked && typeof task.status === "string") {
        this.#pace.read(tab, asked, paceOf(task));
      } else this.#pace.failed(tab, asked);
      return;
    }
    const { taskId } = params;
    if (typeof taskId !== "string") return;
    // A result that `tasks/result` brings while the task waits for input is checked by the next poll.
    if (method === "tasks/update" || method === "tasks/cancel" || method === "tasks/result")
      this.#pace.excuse(taskId);
  }

  taken(_tab: Tab, _endpoint: string, message: Message): void {
    if (message.method !== undefined) return;
    const taskId = this.#asked(message)?.record.taskId;
    if (taskId !== undefined) this.#pace.excuse(taskId);
  }

  unanswered(tab: Tab, endpoint: string, request: Message, error: Error | undefined): void {
    const { method, params = {} } = request;
    const why = error ? error.message : "silence";
    this.#setting.trace?.(
      `${tab.name} ← ${endpoint}: ${method ?? "answer"} ${this.#about(params) ?? ""}: ${why}`,
    );
    if (method === "tools/call") {
      this.#troubled.add(this.#about(params) ?? "");
      if (error) this.#callReplies.add(this.#about(params) ?? "");
    }
    const { status, code, retryAfterMs } = (error ?? {}) as {
      status?: number;
      code?: number;
      retryAfterMs?: number;
    };
    const refusal = status ?? code ?? 500;
    // A lost session (404) does not refuse the answers that were sent in it.
    if (refusal < 500 && refusal !== 404) this.#answerRefused(request);
    const { taskId } = params;
    if (typeof taskId !== "string") return;
    // A poll in a session the server has forgotten does not count: it is made again in the new one.
    if (this.#isLate(tab, endpoint, request)) return;
    if (code === 404) this.#pace.excuse(taskId);
    else if (method === "tasks/get" && this.#pace.awaits(tab, taskId, request.id)) {
      this.#pace.failed(tab, taskId);
    }
    // A tab that lost the lead has given up its requests: it ignores their replies, even if it leads again.
    const wanted = this.#sentLast.get(`${tab.name} ${method} ${taskId}`)?.id === request.id;
    if (retryAfterMs !== undefined && wanted) this.#pace.held(tab, taskId, retryAfterMs);
  }

  arrived(tab: Tab, endpoint: string, message: Message): void {
    const { method, params, id } = message;
    const about = id ?? (isObject(params) ? this.#about(params) : undefined);
    this.#setting.trace?.(
      `${tab.name} ← ${endpoint}: ${method} ${about === undefined ? "" : JSON.stringify(about)}`,
    );
    const isStatus = method === "notifications/tasks" || method === "notifications/tasks/status";
    if (!isStatus || !isObject(params) || typeof params.taskId !== "string") return;
    this.#pace.notified(tab, params.taskId, paceOf(params));
  }

  happened(what: string): void {
    this.#setting.happened(what);
  }

  // ── the app ────────────────────────────────────────────────────────────────────────────────────

  called(tab: Tab, tag: string, repeatable: boolean, keyed: boolean): void {
    this.#callers.set(tag, tab);
    if (keyed) this.#keyed.add(tag);
    if (repeatable) this.#repeatable.add(tag);
    // Whatever its page does not live to see of its call may be lost.
    tab.onDeath(() => this.#troubled.add(tag));
  }

  /** The call was made in another tab than this. */
  isElsewhere(tag: string, tab: Tab): boolean {
    return this.#callers.get(tag) !== tab;
  }

  cancels(tag: string, taskId: string | undefined): void {
    this.#cancelled.add(tag);
    if (taskId !== undefined) this.#pace.excuse(taskId);
  }

  answers(answer: GivenAnswer, taskId: string | undefined): void {
    this.#given.push(answer);
    this.#givenAt.set(answer, this.#setting.agenda.now);
    if (taskId !== undefined) this.#pace.excuse(taskId);
  }

  /**
   * The library rejected an answer of the app. While two tabs believe that they lead, both do what they
   * are asked: one may refuse what the other takes, and the app receives the first reply.
   */
  answerNotTaken(answer: GivenAnswer, endpoint: string): void {
    const lock = this.#setting.leaderLocks.get(endpoint);
    const contested = this.#lostLeads.wereContested(lock, this.#givenAt.get(answer) ?? 0);
    if (!contested) answer.state = "refused";
  }

  /** The library reported to the app that its answer is durable. */
  answerTaken(id: string, answer: GivenAnswer): void {
    answer.state = "taken";
    const record = this.#disk?.record(id);
    const input = record?.inputs.find(({ key }) => key === answer.key);
    const name = `${answer.tag}/${answer.key}`;
    if (!record || !input || this.#isUnstored(record) || this.#refusedAnswers.has(name)) return;
    if (!sameJson(input.response, answer.response)) {
      this.violate(
        "an answer the app gave is durable when it is told so",
        `${name} is ${input.state} on disk`,
      );
    }
  }

  /** The library reported to the app that its cancel is durable. */
  cancelTaken(id: string): void {
    const record = this.#disk?.record(id);
    if (!record || record.outcome || record.cancel || this.#isUnstored(record)) return;
    this.violate(
      "a cancel is durable when the app is told so",
      `${this.#tag(record)} is ${record.stage} on disk`,
    );
  }

  shown(tab: Tab, id: string, tag: string, outcome: Outcome, taskId: string | undefined): void {
    const known = this.#outcomes.get(id);
    if (known === undefined) this.#setting.trace?.(`${tab.name} shows ${tag} ${outcome.kind}`);
    const plain = taskId === undefined && (outcome.kind === "completed" || outcome.kind === "failed");
    const durable = this.#disk?.record(id)?.outcome !== undefined;
    if (!durable && !plain && !this.#unstored.has(tag) && this.#disk?.active.has(id)) {
      this.violate("an outcome is durable before it is shown", `${tag} is shown as ${outcome.kind}`);
    }
    if (known && !sameJson(known, outcome) && !this.#unstored.has(tag)) {
      this.violate(
        "an outcome never changes",
        `${tag} was ${JSON.stringify(known)}, is shown as ${JSON.stringify(outcome)}`,
      );
    }
    if (!known) this.#outcomes.set(id, outcome);
  }

  nudged(tab: Tab): void {
    this.#pace.nudged(tab);
  }

  /** Requests that a closing page does not wait for may be lost as in a crash. */
  closes(tab: Tab): void {
    for (const [tag, caller] of this.#callers) if (caller === tab) this.#troubled.add(tag);
  }

  clockWasSet(): void {
    this.#clockSets++;
    this.#pace.clockWasSet();
  }

  // ── inside ─────────────────────────────────────────────────────────────────────────────────────

  #decided(record: TaskRecord, outcome: Outcome, before: TaskRecord | undefined): void {
    const known = this.#outcomes.get(record.id);
    const tag = this.#tag(record);
    this.#setting.happened(`outcome ${outcome.kind}`);
    if (known && !sameJson(known, outcome) && !this.#unstored.has(tag)) {
      this.violate(
        "an outcome never changes",
        `${tag} was ${JSON.stringify(known)}, is ${JSON.stringify(outcome)}`,
      );
    }
    this.#outcomes.set(record.id, outcome);
    const history: CallHistory = {
      tag,
      troubled:
        this.#troubled.has(tag) ||
        this.#setting.ledger.noted(tag, "tools/call: malformed") ||
        (this.#callsOut.get(tag) ?? 0) > 0,
      cancelled: this.#cancelled.has(tag),
      clockWasSet: this.#clockSets > 0,
      unstored: this.#unstored.has(tag),
    };
    const { ledger, agenda } = this.#setting;
    if (outcome.kind === "lost" && before?.stream && !this.#unstored.has(tag)) {
      const timedOut = outcome.detail.includes("No reply within");
      if (!timedOut && !ledger.noted(tag, STREAM_FORGOTTEN) && this.#clockSets === 0)
        this.violate(
          "a call with a response stream is lost only if its server forgot it",
          `${tag}: ${outcome.detail}`,
        );
    }
    // A store that fails hides one call from another, so that a listed task may be taken for the wrong one's.
    if (record.call.recovery === "list" && this.#unstored.size > 0) return;
    const wrong = wrongOutcome(record, outcome, ledger, history, agenda.wall);
    if (wrong) this.violate("an outcome is what the server's history allows", wrong);
  }

  #executed({ tag, taskId }: Execution): void {
    // An id that comes again names another task.
    if (taskId !== undefined) this.#pace.begins(taskId);
    const count = this.#setting.ledger.executions(tag).length;
    if (count > 1 && this.#keyed.has(tag))
      this.violate("the work of an idempotency key is done once", `${tag} was executed ${count} times`);
    if (count > 1 && !this.#repeatable.has(tag)) {
      // One that could not be written down as made is made again by the next page that answers.
      if (this.#unstored.has(tag)) return;
      this.violate("a call is made once unless it may be repeated", `${tag} was executed ${count} times`);
    }
    if (count > 1) this.#setting.happened("repeated call");
  }

  #accepted({ tag, key, response }: AcceptedAnswer): void {
    this.#setting.happened("answer accepted");
    const asked = [...this.#askedAs].find(([name, { record }]) => name === key && this.#tag(record) === tag);
    const given = this.#given.filter(
      (answer) => answer.tag === tag && answer.key === (asked?.[1].key ?? key),
    );
    const own = given.filter((answer) => sameJson(answer.response, response));
    // A store that fails hides one call from another, whose task may then be taken for its own.
    if (own.length === 0 && (this.#unstored.has(tag) || this.#isOfReusedId(tag, response))) return;
    if (own.length === 0) {
      this.violate(
        "an accepted answer is the one the app gave",
        `${key} of ${tag}: ${JSON.stringify(response)}`,
      );
    } else if (own.every(({ state }) => state === "refused")) {
      this.violate("an answer the app was refused is not sent", `${key} of ${tag}`);
    }
  }

  /**
   * The server forgot a task and used its id again: the network delayed an answer to the earlier task until then, or a
   * question of the earlier task, on a stream that does not say whose it is.
   */
  #isOfReusedId(tag: string, response: JsonObject): boolean {
    const { ledger } = this.#setting;
    const ids = new Set(ledger.executions(tag).map(({ taskId }) => taskId));
    const hadId = ({ taskId }: Execution): boolean => taskId !== undefined && ids.has(taskId);
    return this.#given.some(
      (answer) =>
        answer.tag !== tag &&
        sameJson(answer.response, response) &&
        ledger.executions(answer.tag).some(hadId),
    );
  }

  #callAnswered(tag: string, late: boolean): void {
    this.#callReplies.add(tag);
    this.#callsOut.set(tag, (this.#callsOut.get(tag) ?? 1) - 1);
    if (late) this.#troubled.add(tag);
  }

  #calls(tab: Tab, params: JsonObject): void {
    const tag = this.#about(params) ?? "";
    this.#calledLastBy.set(tag, tab);
    this.#takenOverAt.delete(tag);
    this.#callsOut.set(tag, (this.#callsOut.get(tag) ?? 0) + 1);
    if (this.#unstored.has(tag)) return;
    const records = [...(this.#disk?.active.values() ?? [])].filter((record) => this.#tag(record) === tag);
    const record = records.find(({ stage }) => stage === "calling");
    // A call that can be no task is as ephemeral as its page, as it is without us.
    const ephemeral =
      params.task === undefined && !this.#speaks2026(params) && this.#callers.get(tag) === tab;
    if (!record && !ephemeral) {
      this.violate("no request for a task leaves before its record is durable", `tools/call of ${tag}`);
    }
    if (!record || !isObject(params.inputResponses)) return;
    for (const [key, response] of Object.entries(params.inputResponses)) {
      this.#answerLeaves(record, key, response as JsonObject);
    }
  }

  #speaks2026({ _meta }: JsonObject): boolean {
    return isObject(_meta) && _meta["io.modelcontextprotocol/protocolVersion"] !== undefined;
  }

  #polls(tab: Tab, endpoint: string, taskId: string, requestId: Message["id"]): void {
    const { locks, leaderLocks } = this.#setting;
    const leaderLock = leaderLocks.get(endpoint);
    const early = this.#pace.polls(tab, taskId, requestId);
    const unsettled = this.#isUnsettled(tab, endpoint);
    if (early && !unsettled) this.violate("polls never exceed the rate the server asks for", early);
    const tag = this.#setting.ledger.tagOfTask(taskId) ?? "";
    const called = this.#callers.get(tag) === tab || this.#calledLastBy.get(tag) === tab;
    const { now } = this.#setting.agenda;
    if (!called && !this.#takenOverAt.has(tag)) this.#takenOverAt.set(tag, now);
    if (leaderLock === undefined || locks.holder(leaderLock) === tab) return;
    // The tab that made the call, or made it again, hands its task over. A new leader that has found the task in the store runs
    // it before that: its caller does not know yet.
    if (called && now - (this.#takenOverAt.get(tag) ?? now) <= STEPPED_DOWN_MS) return;
    // It hands it over with the last of the writes that it has begun: what the disk takes, which all tabs wait for, does not count.
    const since = this.#settlesSince(tab, endpoint);
    if (called && now - since - (this.#disk?.spentSince(since) ?? 0) <= STEPPED_DOWN_MS) return;
    if (!unsettled) {
      this.violate(
        "one unfrozen tab polls",
        `${tab.name} polls ${taskId}, and ${locks.holder(leaderLock)?.name} leads`,
      );
    }
  }

  /** A page that was thawed, or that lost the lead and won it again, may still do what it had begun before. */
  #isUnsettled(tab: Tab, endpoint: string): boolean {
    return this.#setting.agenda.now - this.#settlesSince(tab, endpoint) <= STEPPED_DOWN_MS;
  }

  /** When the page was thawed, or learned that it lost the lead; Infinity while it has not learned that. */
  #settlesSince(tab: Tab, endpoint: string): number {
    const lock = this.#setting.leaderLocks.get(endpoint);
    return Math.max(this.#lostLeads.knownSince(tab, lock), tab.thawedAt);
  }

  #answers2025(message: Message): void {
    if (!isObject(message.result)) return;
    const { _meta, ...response } = message.result;
    const asked = this.#asked(message);
    if (asked) this.#answerLeaves(asked.record, asked.key, response);
    else if (Object.keys(response).length > 0 && this.#unstored.size === 0) {
      this.violate("no answer leaves before it is durable", `rpc-${message.id} is of no record on disk`);
    }
  }

  /** The question that a response to a request of the server is about (2025-11-25). */
  #asked({ id, sessionId }: Message): { readonly record: TaskRecord; readonly key: string } | undefined {
    return id === undefined ? undefined : this.#askedAs.get(requestKey(id, sessionId));
  }

  #answerLeaves(record: TaskRecord, key: string, response: JsonObject): void {
    const tag = this.#tag(record);
    const name = `${tag}/${key}`;
    if (this.#isUnstored(record)) return;
    // A page that was frozen may send it when the task has long ended: it was durable when it was given.
    if (!this.#durableAnswers.has(`${name} ${JSON.stringify(response)}`)) {
      const input = record.inputs.find((known) => known.key === key);
      this.violate(
        "no answer leaves before it is durable",
        `${name} is ${input?.state ?? "unknown"} on disk`,
      );
    }
    const sent = this.#sentAnswers.get(name);
    if (sent && !sameJson(sent, response) && !this.#refusedAnswers.has(name)) {
      this.violate("a question is answered once", `${name} is answered again, and otherwise`);
    }
    this.#sentAnswers.set(name, response);
  }

  #answerRefused(message: Message): void {
    const { method, params } = message;
    // By the answer, not by the task id: the server may have used that again meanwhile.
    for (const [key, response] of Object.entries(
      isObject(params?.inputResponses) ? params.inputResponses : {},
    ))
      for (const answer of this.#given)
        if (answer.key === key && !this.#refusedAnswers.has(`${answer.tag}/${key}`))
          if (sameJson(answer.response, response)) this.#refusedAnswers.add(`${answer.tag}/${key}`);
    if (method !== undefined) return;
    const key = this.#asked(message)?.key;
    for (const answer of this.#given) {
      if (answer.key === key) this.#refusedAnswers.add(`${answer.tag}/${answer.key}`);
    }
  }

  #lockMoved(name: string, tab: Tab | undefined, stolenFrom: Tab | undefined): void {
    const { leaderLocks, happened, trace } = this.#setting;
    if (![...leaderLocks.values()].includes(name)) return;
    trace?.(`${tab?.name ?? "nobody"} holds ${name}${stolenFrom ? `, taken from ${stolenFrom.name}` : ""}`);
    if (stolenFrom) {
      happened("lead stolen");
      this.#lostLeads.stolen(stolenFrom, name);
    }
    if (tab) happened("lead taken");
  }

  /** Until a tab learns that it has the lock, it runs nothing: what it received until then may be out of date. */
  #lockGranted(name: string, tab: Tab): void {
    for (const [endpoint, lock] of this.#setting.leaderLocks)
      if (lock === name) this.#pace.forget(tab, endpoint);
  }

  /** No request waits any longer for so late a reply. */
  #isLate(tab: Tab, endpoint: string, { id }: Message): boolean {
    const request = requestOf(tab, endpoint, id);
    if (this.#givenUp.has(request)) return true;
    return this.#setting.agenda.now - (this.#leftAt.get(request) ?? 0) >= DEFAULT_REQUEST_TIMEOUT_MS;
  }

  #overwritten(tab: Tab, record: TaskRecord, before: TaskRecord | undefined): void {
    const tag = this.#tag(record);
    if (this.#overtaken.get(tab)?.has(record.id)) {
      const detail = `${tab.name} goes on with ${tag} from a state that was refused as overtaken`;
      this.violate("nothing is written over what another tab wrote before it is read", detail);
    }
    // A state that only memory had is not a loss on the disk, and other tabs go on from the disk.
    if (!before || this.#isUnstored(record)) return;
    const lost = lostBy(record, before, (key) => this.#refusedAnswers.has(`${tag}/${key}`));
    if (lost) this.violate("nothing durable is overwritten by less", `${tag}: ${lost}`);
  }

  #isUnstored(record: TaskRecord): boolean {
    return this.#unstored.has(this.#tag(record));
  }

  #tag(record: TaskRecord): string {
    return String(record.call.arguments?.tag);
  }

  /** The tag of the call that a request's parameters are about. */
  #about(params: JsonObject): string | undefined {
    if (isObject(params.arguments) && typeof params.arguments.tag === "string") return params.arguments.tag;
    return typeof params.taskId === "string" ? params.taskId : undefined;
  }
}

function paceOf(task: JsonObject): PacedReading {
  const interval = task.pollInterval ?? task.pollIntervalMs;
  return {
    intervalMs: typeof interval === "number" ? interval : undefined,
    createdAt: task.createdAt,
    updatedAt: Date.parse(String(task.lastUpdatedAt)),
    over: isOver(task),
  };
}

function isOver({ status }: JsonObject): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

function outcomeOf(response: Message): string {
  if (isObject(response) && "error" in response) return `error ${JSON.stringify(response.error)}`;
  return summary(isObject(response) ? response.result : response);
}

function summary(result: unknown): string {
  const text = JSON.stringify(result) ?? "nothing";
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/** Names a request: channels count from random ids, so that two of them may come to the same one. */
function requestOf(tab: Tab, endpoint: string, id: unknown): string {
  return `${tab.name} ${endpoint} ${id}`;
}
