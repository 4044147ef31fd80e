import type { JsonObject } from "../../src/protocol/json.ts";
import type { RequestId } from "../../src/protocol/json-rpc.ts";

/** One time that the server did the work of a call. */
export interface Execution {
  readonly tag: string;
  /** Unique to this execution, and part of its result. */
  readonly proof: string;
  readonly taskId: string | undefined;
}

/** Names a question that a server put as a request (2025-11-25). */
export function requestKey(id: RequestId, sessionId: string | undefined): string {
  return `${typeof id} ${id} in ${sessionId}`;
}

export interface AcceptedAnswer {
  readonly tag: string;
  readonly key: string;
  readonly response: JsonObject;
}

/**
 * Records what the servers saw and did, by the tag that each call of the app carries in its arguments.
 * The checks compare the client's reports with it.
 */
export class Ledger {
  readonly #executions: Map<string, Execution[]> = new Map();
  readonly #answers: Map<string, AcceptedAnswer> = new Map();
  readonly #notes: Map<string, Set<string>> = new Map();
  readonly #ttls: Map<string, number> = new Map();
  readonly #tags: Map<string, string> = new Map();
  /** Called for every answer a server takes. */
  onAnswer: (answer: AcceptedAnswer) => void = () => undefined;
  onExecution: (execution: Execution) => void = () => undefined;

  execute(tag: string, taskId: string | undefined): Execution {
    const earlier = this.#executions.get(tag) ?? [];
    const execution = { tag, taskId, proof: `${tag}#${earlier.length + 1}` };
    this.#executions.set(tag, [...earlier, execution]);
    if (taskId !== undefined) this.#tags.set(taskId, tag);
    this.onExecution(execution);
    return execution;
  }

  executions(tag: string): readonly Execution[] {
    return this.#executions.get(tag) ?? [];
  }

  tagOfTask(taskId: string): string | undefined {
    return this.#tags.get(taskId);
  }

  /** False when that question has been answered before: the server then does nothing with it. */
  accept(answer: AcceptedAnswer): boolean {
    const name = `${answer.tag}/${answer.key}`;
    if (this.#answers.has(name)) return false;
    this.#answers.set(name, answer);
    this.onAnswer(answer);
    return true;
  }

  /** Something in the history of a call that allows one outcome or another. */
  note(tag: string, what: string): void {
    const notes = this.#notes.get(tag) ?? new Set();
    this.#notes.set(tag, notes.add(what));
  }

  noted(tag: string, what: string): boolean {
    return this.#notes.get(tag)?.has(what) ?? false;
  }

  notes(tag: string): readonly string[] {
    return [...(this.#notes.get(tag) ?? [])];
  }

  /** The shortest life the server ever gave this call's task, in ms. */
  ttl(tag: string): number {
    return this.#ttls.get(tag) ?? Number.POSITIVE_INFINITY;
  }

  giveTtl(tag: string, ttlMs: number | null): void {
    this.#ttls.set(tag, Math.min(this.ttl(tag), ttlMs ?? Number.POSITIVE_INFINITY));
  }
}
