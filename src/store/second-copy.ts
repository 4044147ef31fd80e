import type { TaskRecord } from "../engine/record.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";

/** The Cache API takes http(s) addresses alone, in an extension too. Nothing is ever requested from this one. */
const ADDRESS = "https://holdfast.invalid/";
/** A longer copy, in characters of JSON, leaves the call's arguments out. */
const LONGEST = 32 * 1024;
/** How many copies a process remembers as they are. It does not learn when tasks of another tab settle. */
const REMEMBERED = 1_000;
/** How long a task waits for its copy, in ms. */
const PATIENCE_MS = 2_000;

/** What a task needs to be found again. The session lacks what it knows of tools. */
export interface TaskCopy {
  readonly record: JsonObject & { readonly id: string; readonly endpoint: string };
  readonly session?: unknown;
}

/**
 * A second copy of unfinished tasks, in the Cache API. Chromium deletes the whole IndexedDB of an origin when a killed
 * process has left a torn write in the middle of its log; caches are other files, and pages and workers alike have them.
 * The store is the truth: what fails here fails in silence, and where there are no caches this does nothing.
 */
export class SecondCopy {
  readonly #cacheName: string;
  /** Copied by this process, as they were then. */
  readonly #copied: Map<string, TaskRecord> = new Map();
  readonly #sessions: Map<string, unknown> = new Map();

  /** @param name The name of the store. */
  constructor(name: string) {
    this.#cacheName = `holdfast/${name}`;
  }

  /** Copies an unfinished record that was stored, unless nothing changed but what the server will say again. */
  async put(record: TaskRecord): Promise<void> {
    const before = this.#copied.get(record.id);
    if (before && isLike(before, record)) return;
    this.#copied.set(record.id, record);
    const [oldest] = this.#copied.keys();
    if (oldest !== undefined && this.#copied.size > REMEMBERED) this.#copied.delete(oldest);
    const text = copyOf(record, this.#sessions.get(record.endpoint));
    await this.#use(async (cache) =>
      text.length > LONGEST
        ? cache.delete(addressOf(record.id))
        : cache.put(addressOf(record.id), new Response(text)),
    );
  }

  /** Deletes the copy of a task that was settled or removed. */
  async delete(id: string): Promise<void> {
    this.#copied.delete(id);
    await this.#use((cache) => cache.delete(addressOf(id)));
  }

  /** Remembers the session that copies of this endpoint's tasks go with. */
  noteSession(endpoint: string, session: unknown): void {
    if (!isObject(session)) return;
    const { tools: _tools, ...agreed } = session;
    this.#sessions.set(endpoint, agreed);
  }

  /** The copies, or `undefined` if no task of this store was ever copied. */
  read(): Promise<readonly TaskCopy[] | undefined> {
    return this.#ifThere(async (cache) => {
      const copies = await Promise.all(
        (await cache.matchAll()).map((copy) => copy.json().catch(() => undefined)),
      );
      return copies.filter(isCopy);
    });
  }

  /** Deletes copies of tasks that are not active: their process was killed before it could. */
  async retain(activeIds: () => Promise<readonly string[]>): Promise<void> {
    await this.#ifThere(async (cache) => {
      const copied = await cache.keys();
      const active = new Set((await activeIds()).map(addressOf));
      await Promise.all(copied.filter(({ url }) => !active.has(url)).map((request) => cache.delete(request)));
    });
  }

  /** Deletes all copies. */
  async clear(): Promise<void> {
    this.#copied.clear();
    await quietly(async () => caches.delete(this.#cacheName));
  }

  #ifThere<T>(work: (cache: Cache) => Promise<T>): Promise<T | undefined> {
    return quietly(async () =>
      (await caches.has(this.#cacheName)) ? work(await caches.open(this.#cacheName)) : undefined,
    );
  }

  /** Opens it each time: apps delete caches they do not know, and a cache that was open then is nobody's. */
  #use<T>(work: (cache: Cache) => Promise<T>): Promise<T | undefined> {
    return quietly(async () => work(await caches.open(this.#cacheName)));
  }
}

/** Without `caches` (plain `http:`), or where the browser denies them, the work throws at once. */
function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS, undefined);
    work()
      .catch(() => undefined)
      .then(resolve)
      .finally(() => clearTimeout(timer));
  });
}

/** Whether the next process would do the same with both: what polls bring, they bring again. */
function isLike(a: TaskRecord, b: TaskRecord): boolean {
  return (["stage", "taskId", "call", "inputs", "cancel", "heldUntil"] as const).every(
    (field) => a[field] === b[field],
  );
}

function copyOf(record: TaskRecord, session: unknown): string {
  const text = JSON.stringify({ record, session });
  if (text.length <= LONGEST) return text;
  const { headers: _headers, ...call } = record.call;
  // Without its arguments a call cannot be sent again. A task that has a handle needs them no more.
  const recovery = call.recovery === "repeat" ? "none" : call.recovery;
  return JSON.stringify({ record: { ...record, call: { ...call, arguments: {}, recovery } }, session });
}

function isCopy(value: unknown): value is TaskCopy {
  const record = isObject(value) ? value.record : undefined;
  return isObject(record) && typeof record.id === "string" && typeof record.endpoint === "string";
}

function addressOf(id: string): string {
  return ADDRESS + encodeURIComponent(id);
}
