import type { TaskRecord } from "../../src/engine/record.ts";
import type { Session } from "../../src/protocol/session.ts";
import { isSuperseded } from "../../src/store/supersede.ts";
import type { TaskStore } from "../../src/store/task-store.ts";
import type { Agenda } from "./agenda.ts";
import { copy } from "./copy.ts";
import type { Random } from "./random.ts";
import type { Tab } from "./tab.ts";
import type { Weather } from "./weather.ts";

/** What the disk reports, at the moment it happens. */
export interface DiskEvents {
  committed(tab: Tab, record: TaskRecord, before: TaskRecord | undefined): void;
  /** One by its id, not all that there are. */
  read(tab: Tab, record: TaskRecord): void;
  /** It was read among all others. */
  listed(tab: Tab, record: TaskRecord): void;
  /** Not written: the disk holds something later. */
  superseded(tab: Tab, record: TaskRecord): void;
  removed(tab: Tab, id: string, before: TaskRecord | undefined): void;
  /** `ends`: the task was over, and only the disk does not know. */
  failed(tab: Tab, record: TaskRecord | undefined, ends: boolean): void;
  crash(tab: Tab, moment: string): void;
}

interface Operation {
  readonly tab: Tab;
  readonly writes: boolean;
  /** The record to write or to remove. */
  readonly record: TaskRecord | undefined;
  readonly ends: boolean;
  commit(): void;
  settle(error: unknown): void;
}

/**
 * The disk of one origin: it outlives the tabs. It runs one operation at a time, in the order of
 * the requests, like IndexedDB transactions on one object store. A page may die before or after a
 * write commits. Requests from before its death may still be written, up to some point.
 */
export class Disk {
  readonly active: Map<string, TaskRecord> = new Map();
  readonly settled: Map<string, TaskRecord> = new Map();
  /** Of deliveries, by the id of their task. */
  readonly notes: Map<string, unknown> = new Map();
  readonly #sessions: Map<string, Session> = new Map();
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #events: DiskEvents;
  readonly #queue: Operation[] = [];
  /** Dead tabs of which a write was dropped: their later writes are dropped too. */
  readonly #cut: Set<Tab> = new Set();
  readonly #settledAt: Map<Tab, number> = new Map();
  #busy = false;
  /** When each operation began, and how long it takes, in ms; the earliest first. */
  readonly #operations: { readonly at: number; readonly ms: number }[] = [];

  constructor(agenda: Agenda, random: Random, weather: Weather, events: DiskEvents) {
    this.#agenda = agenda;
    this.#random = random;
    this.#weather = weather;
    this.#events = events;
  }

  /** How long its operations have taken so far, in ms, with the one under way. */
  get spentMs(): number {
    return this.#operations.reduce((spent, { ms }) => spent + ms, 0);
  }

  /** How long it has worked since then, in ms. */
  spentSince(since: number): number {
    const { now } = this.#agenda;
    let spent = 0;
    for (const { at, ms } of this.#operations)
      spent += Math.max(0, Math.min(at + ms, now) - Math.max(at, since));
    return spent;
  }

  record(id: string): TaskRecord | undefined {
    return this.settled.get(id) ?? this.active.get(id);
  }

  /** The record of a task, by the server's id. */
  /** The unfinished ones first. A server may use an id again: then there are several. */
  recordsOfTask(endpoint: string, taskId: string): readonly TaskRecord[] {
    const all = [...this.active.values(), ...this.settled.values()];
    return all.filter((record) => record.taskId === taskId && record.endpoint === endpoint);
  }

  /** Whether the call of this tag has an unfinished record. */
  awaits(tag: string): boolean {
    return [...this.active.values()].some(({ call }) => call.arguments?.tag === tag);
  }

  storeOf(tab: Tab): TaskStore {
    const read = <T>(take: () => T): Promise<T> => this.#ask(tab, false, () => copy(take()));
    const stored = (records: ReadonlyMap<string, TaskRecord>): TaskRecord[] =>
      [...records.values()].map(aged);
    return {
      scope: "simulation",
      save: (record, after) => {
        const written = copy(record);
        const ends = written.outcome !== undefined;
        return this.#ask(tab, true, () => this.#save(tab, written, after), written, ends);
      },
      remove: (id) => this.#ask(tab, true, () => this.#remove(tab, id), this.record(id), true),
      load: (id) =>
        read(() => {
          const record = this.record(id);
          if (record) this.#events.read(tab, record);
          return record && aged(record);
        }),
      loadActive: () =>
        read(() => {
          for (const record of this.active.values()) this.#events.listed(tab, record);
          return stored(this.active);
        }),
      loadSettled: () => read(() => stored(this.settled)),
      saveSession: (endpoint, session) => {
        const written = copy(session);
        return this.#ask(tab, true, () => void this.#sessions.set(endpoint, written));
      },
      loadSession: (endpoint) => read(() => this.#sessions.get(endpoint)),
      deliveries: {
        load: () => read(() => [...this.notes.values()]),
        change: (id, change) => this.#ask(tab, true, () => this.#note(id, change)),
      },
    };
  }

  #save(tab: Tab, record: TaskRecord, after: number | undefined): boolean {
    const before = this.record(record.id);
    if (isSuperseded(record, before, after)) {
      this.#events.superseded(tab, record);
      return false;
    }
    this.active.delete(record.id);
    (record.outcome ? this.settled : this.active).set(record.id, record);
    this.#events.committed(tab, record, before);
    return true;
  }

  #note(id: string, change: (note: unknown) => unknown): boolean {
    if (!this.record(id)) return false;
    this.notes.set(id, copy(change(copy(this.notes.get(id)))));
    return true;
  }

  #remove(tab: Tab, id: string): void {
    const before = this.record(id);
    this.active.delete(id);
    this.settled.delete(id);
    this.notes.delete(id);
    this.#events.removed(tab, id, before);
  }

  #ask<T>(tab: Tab, writes: boolean, work: () => T, record?: TaskRecord, ends = false): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!tab.alive) return;
      let result: T;
      this.#queue.push({
        tab,
        writes,
        record,
        ends,
        commit: () => {
          result = work();
        },
        settle: (error) => {
          // A page receives the results of its operations in the order of its requests.
          const settledAt = this.#agenda.now + this.#random.between(0, 1);
          const at = Math.max(settledAt, this.#settledAt.get(tab) ?? 0);
          this.#settledAt.set(tab, at);
          tab.after(at - this.#agenda.now, () => {
            if (error === undefined) resolve(result);
            else reject(error);
          });
        },
      });
      this.#next();
    });
  }

  #next(): void {
    const operation = this.#queue[0];
    if (this.#busy || !operation) return;
    this.#busy = true;
    const delay = this.#weather.diskDelay();
    this.#operations.push({ at: this.#agenda.now, ms: delay });
    this.#agenda.after(delay, () => {
      this.#queue.shift();
      this.#busy = false;
      this.#do(operation);
      this.#next();
    });
  }

  #do({ tab, writes, record, ends, commit, settle }: Operation): void {
    if (!tab.alive && (!writes || this.#cut.has(tab))) return;
    if (!tab.alive && this.#random.chance(0.5)) {
      this.#cut.add(tab);
      return;
    }
    if (!writes) {
      commit();
      return settle(undefined);
    }
    if (tab.alive && this.#weather.crashesAtWrite()) {
      this.#cut.add(tab);
      return this.#events.crash(tab, "before a write");
    }
    if (this.#weather.diskFull()) {
      this.#events.failed(tab, record, ends);
      return settle(new DOMException("The quota is exceeded", "QuotaExceededError"));
    }
    commit();
    if (tab.alive && this.#weather.crashesAtWrite()) this.#events.crash(tab, "after a write");
    settle(undefined);
  }
}

/** Every other state of a task is in the store as version 1 of the record, which an earlier version of the library wrote. */
function aged(record: TaskRecord): TaskRecord {
  const isNew = record.stage === "queued" || record.generation === undefined || record.rev % 2 === 0;
  return isNew ? record : ({ ...record, v: 1 } as unknown as TaskRecord);
}
