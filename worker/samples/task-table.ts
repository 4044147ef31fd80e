import type { Answer, Generation, Job, TaskRecord } from "./task-record.ts";
import { isTerminal, standing } from "./timeline.ts";

const PREFIX = "task:";
const TEN_MINUTES = 600_000;
const ONE_HOUR = 3_600_000;

/** The tasks of a lab, in the storage of its object. */
export class TaskTable {
  readonly #storage: SyncKvStorage;
  /** Called after each write, so that what follows from it can be announced. */
  onWrite: () => void = () => {};

  constructor(storage: SyncKvStorage) {
    this.#storage = storage;
  }

  create(
    generation: Generation,
    job: Job,
    wish: { ttl?: number | null | undefined; caller?: TaskRecord["caller"] | undefined } = {},
  ): TaskRecord {
    const record: TaskRecord = {
      taskId: crypto.randomUUID(),
      generation,
      job,
      createdAt: Date.now(),
      ttl: Math.min(wish.ttl ?? TEN_MINUTES, ONE_HOUR),
      answers: [],
      ...(wish.caller && { caller: wish.caller }),
    };
    this.#write(record);
    return record;
  }

  get(generation: Generation, taskId: string): TaskRecord | undefined {
    const record = this.#storage.get<TaskRecord>(PREFIX + taskId);
    if (record?.generation !== generation || hasExpired(record)) return undefined;
    return record;
  }

  list(): TaskRecord[] {
    const all = Array.from(this.#storage.list<TaskRecord>({ prefix: PREFIX }), ([, record]) => record);
    return all.filter((record) => !hasExpired(record)).sort((a, b) => a.createdAt - b.createdAt);
  }

  /** Takes an answer to the question under `key`. An answer to any other is ignored. */
  answer(record: TaskRecord, key: string, answer: Answer): void {
    if (standing(record, answer.at).question !== key) return;
    this.#write({ ...record, answers: [...record.answers, answer] });
  }

  /** False if the task had ended already. */
  cancel(record: TaskRecord): boolean {
    const now = Date.now();
    if (isTerminal(standing(record, now).status)) return false;
    this.#write({ ...record, cancelledAt: now });
    return true;
  }

  forgetExpired(): void {
    for (const [key, record] of [...this.#storage.list<TaskRecord>({ prefix: PREFIX })]) {
      if (hasExpired(record)) this.#storage.delete(key);
    }
  }

  forgetAll(): void {
    for (const [key] of [...this.#storage.list({ prefix: PREFIX })]) this.#storage.delete(key);
    this.onWrite();
  }

  #write(record: TaskRecord): void {
    this.#storage.put(PREFIX + record.taskId, record);
    this.onWrite();
  }
}

function hasExpired(record: TaskRecord): boolean {
  return Date.now() > record.createdAt + record.ttl;
}
