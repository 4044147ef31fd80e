import { isRecord } from "../app/is-record.ts";

const KEY = "told";

/** By task, the ids of the notices that have been shown. */
type Told = Readonly<Record<string, readonly string[]>>;

/** Which events have been told of. It is on disk, so that no other worker tells them again. */
export class ToldEvents {
  #told: Promise<Told> = chrome.storage.local.get(KEY).then(({ [KEY]: stored }) => readTold(stored));
  /** Being shown now: a task may change twice before its notice is there. */
  readonly #taken = new Set<string>();

  /** True once for each event, and in a later worker again if this one never noted it. */
  async isNew(task: string, event: string): Promise<boolean> {
    const told = await this.#told;
    if (this.#taken.has(event) || told[task]?.includes(event)) return false;
    this.#taken.add(event);
    return true;
  }

  note(task: string, event: string): Promise<void> {
    return this.#change((told) => ({ ...told, [task]: [...(told[task] ?? []), event] }));
  }

  async questionsOf(task: string): Promise<readonly string[]> {
    return ((await this.#told)[task] ?? []).filter((event) => event.startsWith("asks "));
  }

  /** What is told of tasks that are no longer held need not be known. */
  keepOnly(held: ReadonlySet<string>): Promise<void> {
    return this.#change((told) =>
      Object.fromEntries(
        Object.entries(told).filter(
          ([task, events]) => held.has(task) || events.some((event) => this.#taken.has(event)),
        ),
      ),
    );
  }

  async #change(change: (told: Told) => Told): Promise<void> {
    this.#told = this.#told.then(async (told) => {
      const next = change(told);
      await chrome.storage.local.set({ [KEY]: next });
      return next;
    });
    await this.#told;
  }
}

function readTold(stored: unknown): Told {
  if (!isRecord(stored)) return {};
  const lists = Object.entries(stored).map(([task, events]) => [
    task,
    Array.isArray(events) ? events.filter((event) => typeof event === "string") : [],
  ]);
  return Object.fromEntries(lists) as Told;
}
