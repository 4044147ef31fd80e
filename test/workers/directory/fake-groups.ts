import type {
  DirectoryGroup,
  EventBacklog,
  EventReplay,
  GroupLoad,
  PushDemand,
} from "../../../worker/directory/principal-directory-rpc.ts";

/** TaskGroup objects as far as the directory knows them. Ids are of tasks: `<endpoint>.<shard>.<uuid>`. */
export class FakeGroups {
  /** The names that were asked, in order. */
  readonly asked: string[] = [];
  /** Names of those that fail. */
  readonly broken = new Set<string>();
  /** What they wait for between having counted and answering. */
  delay: Promise<void> = Promise.resolve();
  /** Calls that isolates may make in place of each. */
  lent = 0;
  /** Called when one has counted. */
  counted = (): void => undefined;
  readonly #known = new Set<string>();
  /** Tasks that run, and what they take in memory, in bytes. */
  readonly #open = new Map<string, number>();

  /** The names that were notified of a change of consent, in order. */
  readonly notified: string[] = [];

  /** What the groups were asked to hand over for push messages, by name. */
  readonly demands = new Map<string, PushDemand>();
  /** The groups that were notified of a change of event subscriptions, with what they are to replay, in order. */
  readonly subscribed: { readonly name: string; readonly replay: EventReplay | undefined }[] = [];
  /** What the groups have for a subscription. */
  backlog: EventBacklog = { waits: false, truncated: false };

  getByName(name: string): DirectoryGroup {
    return {
      pushDemanded: async (demand) => {
        if (this.broken.has(name)) throw new Error("The object is overloaded");
        this.demands.set(name, demand);
      },
      subscriptionsChanged: async (_id, replay) => {
        this.subscribed.push({ name, replay });
        if (this.broken.has(name)) throw new Error("The object is overloaded");
        return this.backlog;
      },
      consentChanged: async () => {
        this.notified.push(name);
        if (this.broken.has(name)) throw new Error("The object is overloaded");
      },
      active: async (admitted) => {
        this.asked.push(name);
        if (this.broken.has(name)) throw new Error("The object is overloaded");
        const [, endpoint, shard] = JSON.parse(name);
        const open = [...this.#open].filter(([id]) => id.startsWith(`${endpoint}.${shard}.`));
        const load: GroupLoad = {
          tasks: open.length,
          bytes: open.reduce((sum, [, bytes]) => sum + bytes, 0),
          lent: this.lent,
          absent: admitted.filter((id) => !this.#known.has(id)),
        };
        this.counted();
        await this.delay;
        return load;
      },
    };
  }

  start(id: string, bytes = 2): void {
    this.#known.add(id);
    this.#open.set(id, bytes);
  }

  settle(id: string): void {
    this.#open.delete(id);
  }
}
