import type { ActiveTasks } from "../../../worker/objects/principal-directory-rpc.ts";

/** TaskGroup objects as far as the directory knows them. Ids are of tasks: `<endpoint>.<shard>.<uuid>`. */
export class FakeGroups {
  /** The names that were asked, in order. */
  readonly asked: string[] = [];
  /** Names of those that fail. */
  readonly broken = new Set<string>();
  /** What they wait for between having counted and answering. */
  delay: Promise<void> = Promise.resolve();
  readonly #known = new Set<string>();
  readonly #open = new Set<string>();

  getByName(name: string): ActiveTasks {
    return {
      active: async (admitted) => {
        this.asked.push(name);
        if (this.broken.has(name)) throw new Error("The object is overloaded");
        const [, endpoint, shard] = JSON.parse(name);
        const open = [...this.#open].filter((id) => id.startsWith(`${endpoint}.${shard}.`));
        const active = open.length + admitted.filter((id) => !this.#known.has(id)).length;
        await this.delay;
        return active;
      },
    };
  }

  start(id: string): void {
    this.#known.add(id);
    this.#open.add(id);
  }

  settle(id: string): void {
    this.#open.delete(id);
  }
}
