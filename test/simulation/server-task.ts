import type { InputMethod } from "../../src/protocol/input-request.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { WireStatus } from "../../src/protocol/task-snapshot.ts";
import type { Agenda } from "./agenda.ts";
import type { Execution } from "./ledger.ts";
import { type Ending, questionParams, type Step, type WorkPlan } from "./work-plan.ts";

export interface Question {
  readonly key: string;
  readonly method: InputMethod;
  readonly params: JsonObject;
  state: "open" | "answered" | "withdrawn";
}

export interface TaskEvents {
  /** Something a client could see has changed. */
  changed(task: ServerTask): void;
  /** Its time has passed: whether the server deletes it. */
  deleted(task: ServerTask): boolean;
  ttl(task: ServerTask, ttlMs: number | null): void;
}

/** A task at its server: it follows its plan, whether or not a client watches. */
export class ServerTask {
  readonly id: string;
  readonly execution: Execution;
  readonly plan: WorkPlan;
  readonly createdAt: number;
  readonly #agenda: Agenda;
  readonly #events: TaskEvents;
  readonly #steps: Step[];
  #asked = 0;
  #stopTimer: () => void = () => undefined;
  #stopDeletion: () => void = () => undefined;
  #forgotten = false;
  status: WireStatus = "working";
  statusMessage: string | undefined;
  pollMs: number | undefined;
  ttlMs: number | null;
  updatedAt: number;
  questions: Question[] = [];
  ending: Ending | undefined;

  constructor(id: string, execution: Execution, plan: WorkPlan, agenda: Agenda, events: TaskEvents) {
    this.id = id;
    this.execution = execution;
    this.plan = plan;
    this.createdAt = agenda.now;
    this.updatedAt = agenda.now;
    this.pollMs = plan.pollMs;
    this.ttlMs = plan.ttlMs;
    this.#agenda = agenda;
    this.#events = events;
    this.#steps = [...plan.steps];
  }

  start(): void {
    this.#live();
    this.#advance();
  }

  get tag(): string {
    return this.execution.tag;
  }

  get ended(): boolean {
    return this.ending !== undefined;
  }

  get openQuestions(): readonly Question[] {
    return this.questions.filter(({ state }) => state === "open");
  }

  /** The server has lost it, with the work: nothing happens to it any more. */
  forget(): void {
    this.#forgotten = true;
    this.#stopTimer();
    this.#stopDeletion();
  }

  /** False when nothing of that key is open. */
  answer(key: string): boolean {
    const question = this.openQuestions.find((open) => open.key === key);
    if (!question || this.ended || this.#forgotten) return false;
    question.state = "answered";
    this.#touch();
    if (this.openQuestions.length === 0) this.#resume();
    else this.#events.changed(this);
    return true;
  }

  finish(ending: Ending): void {
    if (this.ended || this.#forgotten) return;
    this.#stopTimer();
    for (const question of this.openQuestions) question.state = "withdrawn";
    this.ending = ending;
    this.#touch();
    this.#events.changed(this);
  }

  #advance(): void {
    const step = this.#steps.shift();
    if (!step) {
      this.#stopTimer = this.#agenda.after(200, () => this.finish(this.plan.ending));
      return;
    }
    if (step.kind === "work") {
      this.statusMessage = step.message;
      if (step.pollMs !== undefined) this.pollMs = step.pollMs;
      if (step.ttlMs !== undefined) {
        this.ttlMs = step.ttlMs;
        this.#live();
      }
      this.#touch();
      this.#events.changed(this);
      this.#stopTimer = this.#agenda.after(step.ms, () => this.#advance());
      return;
    }
    this.status = "input_required";
    for (const method of step.methods) this.#ask(method);
    this.#touch();
    this.#events.changed(this);
    const patience = this.#agenda.after(step.patienceMs, () => this.#resume());
    const supersede = this.#agenda.after(step.supersedeMs ?? Number.POSITIVE_INFINITY, () =>
      this.#supersede(),
    );
    this.#stopTimer = () => {
      patience();
      supersede();
    };
  }

  #ask(method: InputMethod): void {
    const key = `q${++this.#asked}`;
    this.questions.push({ key, method, params: questionParams(method, `${this.id} ${key}`), state: "open" });
  }

  #supersede(): void {
    const [question] = this.openQuestions;
    if (!question) return;
    question.state = "withdrawn";
    this.#ask(question.method);
    this.#touch();
    this.#events.changed(this);
  }

  /** The answers are there, or the server goes on without. */
  #resume(): void {
    this.#stopTimer();
    for (const question of this.openQuestions) question.state = "withdrawn";
    this.status = "working";
    this.#touch();
    this.#events.changed(this);
    if (!this.ended) this.#advance();
  }

  #touch(): void {
    this.updatedAt = this.#agenda.now;
    if (this.ending) this.status = statusOf(this.ending);
  }

  #live(): void {
    this.#stopDeletion();
    this.#events.ttl(this, this.ttlMs);
    if (this.ttlMs === null) return;
    const left = this.createdAt + this.ttlMs + this.plan.lingerMs - this.#agenda.now;
    this.#stopDeletion = this.#agenda.after(left, () => {
      // A server that keeps the task works on.
      if (this.#events.deleted(this)) this.#stopTimer();
    });
  }
}

function statusOf(ending: Ending): WireStatus {
  if (ending.kind === "error") return "failed";
  return ending.kind === "cancelled" ? "cancelled" : "completed";
}
