import type { Task } from "holdfast";
import type { ExtensionTasks } from "holdfast/extension";

const RUNNING = "#0f766e";
const ASKING = "#b45309";

/** On the extension's button: how many tasks ask for an answer, or, if none does, how many run. */
export class Badge {
  readonly #tasks: ExtensionTasks;
  readonly #running = new Map<string, Task>();
  #endpoints: ReadonlySet<string> = new Set();
  #painting = false;

  constructor(tasks: ExtensionTasks) {
    this.#tasks = tasks;
    tasks.subscribe((task) => this.#see(task));
    void this.recount();
  }

  /** Counts anew, after servers have come or gone: what waits for one that is gone does not run. */
  async recount(): Promise<void> {
    const client = await this.#tasks.client();
    this.#endpoints = new Set(await client.endpoints());
    this.#running.clear();
    for (const task of await client.list()) this.#see(task);
    this.#paintSoon();
  }

  #see(task: Task): void {
    if (task.view.outcome) this.#running.delete(task.id);
    else this.#running.set(task.id, task);
    this.#paintSoon();
  }

  /** A list of many tasks is one picture. */
  #paintSoon(): void {
    if (this.#painting) return;
    this.#painting = true;
    queueMicrotask(() => {
      this.#painting = false;
      void this.#paint();
    });
  }

  async #paint(): Promise<void> {
    const running = [...this.#running.values()].filter(({ view: { endpoint } }) =>
      this.#endpoints.has(endpoint),
    );
    const asking = running.filter(({ view: { inputRequests } }) => inputRequests.length > 0).length;
    const count = asking > 0 ? asking : running.length;
    await Promise.all([
      chrome.action.setBadgeBackgroundColor({ color: asking > 0 ? ASKING : RUNNING }),
      chrome.action.setBadgeTextColor({ color: "#ffffff" }),
      chrome.action.setBadgeText({ text: count > 0 ? `${count}` : "" }),
      chrome.action.setTitle({ title: titleOf(running.length, asking) }),
    ]);
  }
}

function titleOf(running: number, asking: number): string {
  if (running === 0) return "Holdfast";
  return asking > 0 ? `Holdfast: ${running} running, ${asking} asking` : `Holdfast: ${running} running`;
}
