import type { InputRequest, Outcome, Task } from "holdfast";
import type { ExtensionTasks } from "holdfast/extension";
import { showInPanel } from "../app/side-panel.ts";
import { knownServers } from "../servers/known-servers.ts";
import { ICON } from "./icon.ts";
import { NotifiedEvents } from "./notified-events.ts";

interface Notice {
  /** Which event of which task: one of this id is shown once. */
  readonly id: string;
  readonly title: string;
  readonly message: string;
}

const LONGEST = 200;

/** Shows a desktop notification for each outcome and each question of a task, once, even if the worker is killed. */
export class Notices {
  readonly #notified = new NotifiedEvents();

  constructor(tasks: ExtensionTasks) {
    tasks.subscribe((task) => this.#look(task));
    chrome.notifications.onClicked.addListener((id) => {
      const task = taskOf(id);
      if (task === undefined) return;
      void chrome.windows.getLastFocused().then((window) => showInPanel(task, window.id));
      void chrome.notifications.clear(id);
    });
    void this.#catchUp(tasks);
  }

  /** Everything stored has been deleted: which events were shown must not be written again. */
  forget(): void {
    this.#notified.forget();
  }

  /** A task may have ended as the previous worker died, before its notice was shown. */
  async #catchUp(tasks: ExtensionTasks): Promise<void> {
    const held = await (await tasks.client()).list();
    await this.#notified.keepOnly(new Set(held.map(({ id }) => id)));
    for (const task of held) this.#look(task);
  }

  #look(task: Task): void {
    this.#see(task).catch((error: unknown) => console.warn("A notice could not be shown", error));
  }

  async #see(task: Task): Promise<void> {
    const asked = task.view.outcome
      ? []
      : task.view.inputRequests.map((request) => questionOf(task, request));
    const ended = task.view.outcome && endOf(task, task.view.outcome);
    for (const gone of await this.#notified.questionsOf(task.id)) {
      if (!asked.some(({ id }) => id === gone)) void chrome.notifications.clear(gone);
    }
    for (const notice of ended ? [ended] : asked) {
      // Shown first and noted then: a worker that dies between the two shows the same one again, in its own place.
      if (!(await this.#notified.isNew(task.id, notice.id))) continue;
      await show(notice, task.view.endpoint);
      await this.#notified.note(task.id, notice.id);
    }
  }
}

async function show({ id, title, message }: Notice, endpoint: string): Promise<void> {
  const server = (await knownServers()).find(({ url }) => url === endpoint);
  const text = message.slice(0, LONGEST);
  await chrome.notifications.create(id, {
    type: "basic",
    iconUrl: ICON,
    title,
    message: server ? `${text}\n${server.name}` : text,
  });
}

function questionOf(task: Task, { key, params, method }: InputRequest): Notice {
  const message = typeof params.message === "string" ? params.message : `It asks for ${method}`;
  return { id: `asks ${task.id} ${key}`, title: `${task.view.tool} asks`, message };
}

function endOf(task: Task, outcome: Outcome): Notice | undefined {
  const id = `ended ${task.id}`;
  switch (outcome.kind) {
    case "completed":
      return outcome.result.isError
        ? { id, title: `${task.view.tool} failed`, message: "The tool says why in its result." }
        : { id, title: `${task.view.tool} is done`, message: "The result is there." };
    case "failed":
      return { id, title: `${task.view.tool} failed`, message: outcome.error.message };
    case "expired":
    case "lost":
      return { id, title: `${task.view.tool}: ${outcome.kind}`, message: outcome.detail };
    case "cancelled":
      // The person who cancelled it knows.
      return undefined;
  }
}

function taskOf(notice: string): string | undefined {
  return /^(?:ended|asks) (\S+)/.exec(notice)?.[1];
}
