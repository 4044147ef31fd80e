import { everything } from "../../src/client/everything.ts";
import { registerProtocols } from "../../src/protocol/registry.ts";
import { readRecord } from "../../src/store/read-record.ts";
import { type LiveParts, type TaskView, viewOf, withoutResult } from "../../src/task-view.ts";
import { StoreFolder } from "../store/store-folder.ts";
import type { TaskFile, Wish } from "../store/task-file.ts";

// This process may read records and speak to servers before it has a client.
registerProtocols(everything.protocols ?? {});

/** A task of a store, with the live state that a running proxy wrote. */
export interface StoredTask {
  readonly view: TaskView;
  readonly configuration: string;
  /** Whether a living process runs it. A task that nobody runs is resumed at the next start of its configuration. */
  readonly runs: boolean;
}

interface OpenFile {
  readonly file: TaskFile;
  readonly folder: StoreFolder;
  readonly owned: boolean;
}

/** How long a running proxy has to carry a wish out, in ms, and how often its reply is looked for. */
const REPLY_MS = 10_000;
const LOOK_MS = 100;

/** Every store of this user, for the terminal. */
export class StoredTasks {
  readonly #files: readonly OpenFile[];

  private constructor(files: readonly OpenFile[]) {
    this.#files = files;
  }

  static async open(dataFolder: string): Promise<StoredTasks> {
    const files: OpenFile[] = [];
    for (const folder of StoreFolder.all(dataFolder)) {
      for (const file of await folder.files()) {
        const ownership = await folder.take(file.path);
        ownership?.release();
        files.push({ file, folder, owned: !ownership });
      }
    }
    return new StoredTasks(files);
  }

  /** All tasks, the latest first. Those that have ended are without their results. */
  async list(): Promise<readonly StoredTask[]> {
    const found: StoredTask[] = [];
    for (const open of this.#files) {
      const stored = [...(await open.file.tasks.loadActive()), ...(await open.file.tasks.loadSettled())];
      found.push(...stored.flatMap((entry) => readTask(entry, open, false)));
    }
    return found.sort((a, b) => b.view.createdAt - a.view.createdAt);
  }

  /** One task by its id or the beginning of it, with its result. Throws where no task or several fit. */
  async find(prefix: string): Promise<StoredTask> {
    const { id } = (await this.#named(prefix)).view;
    for (const open of this.#files) {
      const [task] = open.file.tasks.has(id) ? readTask(await open.file.tasks.load(id), open, true) : [];
      if (task) return task;
    }
    throw new Error(`There is no task ${prefix}`);
  }

  /**
   * Has a task cancelled, answered or forgotten by the process that runs it. Resolves with `done`, or with `later` where no
   * process runs it now: then the next start does it. Throws what went wrong.
   */
  async wish(prefix: string, wish: Wish): Promise<"done" | "later"> {
    const { view } = await this.#named(prefix);
    const open = this.#files.find(({ file }) => file.tasks.has(view.id));
    if (!open) throw new Error(`There is no task ${prefix}`);
    if (wish.kind === "forget") {
      if (!view.outcome) throw new Error(`Task ${view.id} has not ended: cancel it first`);
      await open.file.tasks.remove(view.id);
      return "done";
    }
    if (view.outcome) throw new Error(`Task ${view.id} has ended`);
    const id = open.file.addWish(view.id, wish);
    const until = Date.now() + (open.owned ? REPLY_MS : 0);
    for (;;) {
      const reply = open.file.takeReply(id);
      if (reply !== undefined && reply !== "") throw new Error(reply);
      if (reply !== undefined) return "done";
      if (Date.now() >= until) return "later";
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  close(): void {
    for (const { file } of this.#files) file.close();
  }

  async #named(prefix: string): Promise<StoredTask> {
    const fitting = (await this.list()).filter(({ view }) => view.id.startsWith(prefix));
    const [only] = fitting;
    if (!only) throw new Error(`There is no task ${prefix}`);
    if (fitting.length > 1) throw new Error(`${fitting.length} tasks begin with ${prefix}: write more of it`);
    return only;
  }
}

function readTask(stored: unknown, { file, folder, owned }: OpenFile, withResult: boolean): StoredTask[] {
  const reading = readRecord(stored);
  if (reading.kind !== "record") return [];
  const { record } = reading;
  const { progress } = record.outcome ? {} : (file.live(record.id) as Pick<LiveParts, "progress">);
  const whole = viewOf(record, { progress });
  const view = withResult ? whole : withoutResult(whole);
  return [{ view, configuration: folder.label, runs: owned && !record.outcome }];
}
