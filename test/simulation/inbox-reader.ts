import type { TaskClient } from "../../src/client/task-client.ts";
import { inboxOf } from "../../src/inbox/index.ts";
import type { Task } from "../../src/task.ts";
import type { Delivery, TaskInbox } from "../../src/task-inbox.ts";
import { ADDRESSEE, type InboxWatch } from "./inbox-watch.ts";
import type { Random } from "./random.ts";
import type { Tab } from "./tab.ts";

/** How often a tab looks for what others left undelivered, in ms: no event says that a lease has ended. */
const AGAIN_MS = 10_000;

/** The part of the app that delivers: leases, shows what it has leased, and acknowledges. */
export class InboxReader {
  readonly #tab: Tab;
  readonly #random: Random;
  readonly #inbox: TaskInbox;
  readonly #watch: InboxWatch;
  #asking = false;
  #wanted = false;

  constructor(tab: Tab, random: Random, client: TaskClient, watch: InboxWatch) {
    this.#tab = tab;
    this.#random = random;
    this.#inbox = inboxOf(client, { clock: tab.clock });
    this.#watch = watch;
    client.subscribe(() => void this.#take());
    const again = (): void => {
      void this.#take();
      tab.after(AGAIN_MS, again);
    };
    again();
  }

  /** Of some calls only the task is given the addressee, when it is running or has ended. */
  get notify(): readonly string[] | undefined {
    return this.#random.chance(0.7) ? [ADDRESSEE] : undefined;
  }

  follow(task: Task): void {
    if (task.view.addressees) {
      if (this.#random.chance(0.3)) void this.#hold(task);
      return;
    }
    this.#tab.after(this.#random.spread(1, 60_000), () => {
      // The disk may be full, or the call a plain one.
      this.#inbox.notify(task, ADDRESSEE).catch(() => undefined);
    });
  }

  shown({ id, view }: Task): void {
    if (view.addressees) this.#watch.shown(id, String(view.arguments.tag));
  }

  /** Leases the end before it comes, delivers it within that lease, and leaves it to others if it comes later. */
  async #hold(task: Task): Promise<void> {
    const query = { addressee: ADDRESSEE, task: task.id, receipt: this.#random.uuid() };
    const leaseMs = this.#random.spread(100, 60_000);
    await this.#inbox.undelivered({ ...query, leaseMs }).catch(() => undefined);
    this.#tab.after(this.#random.spread(1, leaseMs), async () => {
      const askedAt = this.#tab.clock.now();
      const leased = await this.#inbox
        .undelivered({ ...query, leaseMs })
        .catch((): readonly Delivery[] => []);
      for (const delivery of leased) {
        this.#watch.leased(delivery, askedAt, leaseMs);
        this.#deliver(delivery);
      }
    });
  }

  async #take(): Promise<void> {
    this.#wanted = true;
    if (this.#asking || !this.#tab.alive) return;
    this.#asking = true;
    while (this.#wanted) {
      this.#wanted = false;
      const leaseMs = this.#random.spread(100, 30_000);
      const askedAt = this.#tab.clock.now();
      const leased = await this.#inbox
        .undelivered({ addressee: ADDRESSEE, leaseMs })
        .catch((): readonly Delivery[] => []);
      for (const delivery of leased) {
        this.#watch.leased(delivery, askedAt, leaseMs);
        this.#deliver(delivery);
      }
    }
    this.#asking = false;
  }

  /** It takes its time, in which the tab may die, and may last longer than the lease. */
  #deliver(delivery: Delivery): void {
    this.#tab.after(this.#random.spread(1, 40_000), () => {
      const acknowledge = async (): Promise<void> =>
        this.#watch.acknowledged(delivery, await this.#inbox.acknowledge(delivery));
      // The disk was full: it is delivered again when the lease has ended.
      acknowledge().catch(() => undefined);
    });
  }
}
