import type { Task } from "../task.ts";
import { type TaskView, withoutResult } from "../task-view.ts";
import type { BrowserPort, MessageSender } from "./browser.ts";
import { ExtensionError } from "./extension-error.ts";
import { type PageMessage, PORT_FAMILY, PORT_NAME, readPageMessage, type WorkerMessage } from "./messages.ts";
import { wireError } from "./wire-error.ts";

/** The ports of the pages that are open: it answers their requests and sends every change to all of them. */
export class PortHub {
  readonly #answer: (message: PageMessage) => Promise<unknown>;
  readonly #ports: Set<BrowserPort> = new Set();
  /** The view of each running task that was published last. */
  readonly #published: WeakMap<Task, TaskView> = new WeakMap();

  constructor(answer: (message: PageMessage) => Promise<unknown>) {
    this.#answer = answer;
  }

  /** @param admits Whether this sender may speak to the tasks. */
  accept(port: BrowserPort, admits: (sender: MessageSender) => boolean): void {
    // The app has ports of its own.
    if (!port.name.startsWith(PORT_FAMILY)) return;
    if (!admits(port.sender ?? {})) return refuse(port, "This sender may not speak to the tasks");
    if (port.name !== PORT_NAME) return refuse(port, `The worker speaks ${PORT_NAME}, not ${port.name}`);
    this.#ports.add(port);
    port.onDisconnect.addListener(() => this.#ports.delete(port));
    port.onMessage.addListener((message) => void this.#take(port, message));
    this.#post(port, { type: "ready" });
  }

  /** Publishes a change to every page, without the result: a page that wants it fetches it. */
  publish(task: Task): void {
    const { id, latest } = task;
    const { rev, retry, progress } = latest;
    const before = this.#published.get(task);
    this.#published.set(task, latest);
    if (this.#ports.size === 0) return;
    this.#postAll(
      progress && before?.rev === rev && before.retry === retry
        ? { type: "progress", id, progress }
        : { type: "task", task: withoutResult(latest) },
    );
  }

  /** Publishes to every page that a task was deleted. */
  publishForgotten(id: string): void {
    this.#postAll({ type: "forgotten", id });
  }

  close(): void {
    for (const port of this.#ports) port.disconnect();
    this.#ports.clear();
  }

  async #take(port: BrowserPort, message: unknown): Promise<void> {
    const reading = readPageMessage(message);
    if (!reading.ok) {
      const error = wireError(new ExtensionError("malformed", reading.reason));
      this.#post(port, { type: "error", ...(reading.nr !== undefined && { nr: reading.nr }), error });
      return;
    }
    const { nr } = reading.message;
    try {
      const value = await this.#answer(reading.message);
      this.#post(port, { type: "reply", nr, value });
    } catch (error) {
      this.#post(port, { type: "error", nr, error: wireError(error) });
    }
  }

  #postAll(message: WorkerMessage): void {
    for (const port of [...this.#ports]) this.#post(port, message);
  }

  #post(port: BrowserPort, message: WorkerMessage): void {
    if (!this.#ports.has(port)) return;
    try {
      port.postMessage(message);
    } catch (error) {
      // The port is gone, and its page asks again on another; or browsers carry no message of this length.
      if (message.type !== "reply") return;
      this.#post(port, { type: "error", nr: message.nr, error: wireError(error) });
    }
  }
}

function refuse(port: BrowserPort, reason: string): void {
  const message: WorkerMessage = { type: "refused", reason };
  port.postMessage(message);
  port.disconnect();
}
