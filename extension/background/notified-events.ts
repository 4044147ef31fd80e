import { isRecord } from "../app/is-record.ts";

const KEY = "told";

/** By task, the ids of the notices that have been shown. */
type Notified = Readonly<Record<string, readonly string[]>>;

/** Which events have been shown. Stored on disk, so that no later worker shows them again. */
export class NotifiedEvents {
  #notified: Promise<Notified> = chrome.storage.local
    .get(KEY)
    .then(({ [KEY]: stored }) => readNotified(stored));
  /** Being shown now: a task may change twice before its notice is there. */
  readonly #taken = new Set<string>();

  /** True once for each event, and in a later worker again if this one never noted it. */
  async isNew(task: string, event: string): Promise<boolean> {
    const notified = await this.#notified;
    if (this.#taken.has(event) || notified[task]?.includes(event)) return false;
    this.#taken.add(event);
    return true;
  }

  note(task: string, event: string): Promise<void> {
    return this.#change((notified) => ({ ...notified, [task]: [...(notified[task] ?? []), event] }));
  }

  forget(): void {
    this.#notified = Promise.resolve({});
  }

  async questionsOf(task: string): Promise<readonly string[]> {
    return ((await this.#notified)[task] ?? []).filter((event) => event.startsWith("asks "));
  }

  /** Removes the events of tasks that are no longer held. */
  keepOnly(held: ReadonlySet<string>): Promise<void> {
    return this.#change((notified) =>
      Object.fromEntries(
        Object.entries(notified).filter(
          ([task, events]) => held.has(task) || events.some((event) => this.#taken.has(event)),
        ),
      ),
    );
  }

  async #change(change: (notified: Notified) => Notified): Promise<void> {
    this.#notified = this.#notified.then(async (notified) => {
      const next = change(notified);
      await chrome.storage.local.set({ [KEY]: next });
      return next;
    });
    await this.#notified;
  }
}

function readNotified(stored: unknown): Notified {
  if (!isRecord(stored)) return {};
  const lists = Object.entries(stored).map(([task, events]) => [
    task,
    Array.isArray(events) ? events.filter((event) => typeof event === "string") : [],
  ]);
  return Object.fromEntries(lists) as Notified;
}
