import { createHash, randomUUID } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isObject } from "../../src/protocol/json.ts";
import type { Configuration } from "../configuration/server-spec.ts";
import { reasonOf } from "../reason.ts";
import { makeFolder } from "./make-folder.ts";
import { type Ownership, own } from "./ownership.ts";
import { isDamaged } from "./sqlite.ts";
import { exists, TaskFile } from "./task-file.ts";

const DESCRIPTION = "configuration.json";
/** How long an agent has to start again before another agent's proxy takes its store over, in ms. */
const FORSAKEN_MS = 15_000;

/** A store and the right to run its tasks. */
export interface OwnedFile {
  readonly file: TaskFile;
  /** Releases the store; another process may adopt it. */
  release(): void;
  /** Deletes the store. */
  remove(): void;
}

/** The stores of one configuration: one for each process that runs it or ran it. */
export class StoreFolder {
  readonly #folder: string;
  readonly #synced: boolean;
  /** Since when stores of other agents have been seen without an owner, in ms since 1970. */
  readonly #ownerless: Map<string, number> = new Map();
  /** Why nothing can be stored here. */
  readonly #unusable: unknown;

  private constructor(folder: string, synced: boolean, unusable?: unknown) {
    this.#folder = folder;
    this.#synced = synced;
    this.#unusable = unusable;
  }

  static of(dataFolder: string, configuration: Configuration): StoreFolder {
    const folder = join(dataFolder, "stores", configuration.key);
    const { label, servers } = configuration;
    const description = { label, servers: servers.map(({ name, kind }) => ({ name, kind })) };
    let unusable: unknown;
    try {
      makeFolder(folder);
      for (const path of [dataFolder, join(dataFolder, "stores"), folder]) chmodSync(path, 0o700);
      writeFileSync(join(folder, DESCRIPTION), JSON.stringify(description), { mode: 0o600 });
    } catch (error) {
      unusable = error;
    }
    return new StoreFolder(
      folder,
      servers.some(({ kind }) => kind === "remote"),
      unusable,
    );
  }

  /** All there are, for the terminal. */
  static all(dataFolder: string): readonly StoreFolder[] {
    const stores = join(dataFolder, "stores");
    if (!exists(stores)) return [];
    return readdirSync(stores).map((name) => new StoreFolder(join(stores, name), true));
  }

  get label(): string {
    try {
      const described: unknown = JSON.parse(readFileSync(join(this.#folder, DESCRIPTION), "utf8"));
      return isObject(described) && typeof described.label === "string" ? described.label : this.#folder;
    } catch {
      return this.#folder;
    }
  }

  /**
   * A new store, owned by this process: in the folder, or in memory where nothing can be written.
   * @param problem Takes a sentence for the user where the tasks are not durable.
   */
  async create(agent: string, problem: (text: string) => void): Promise<OwnedFile> {
    try {
      if (this.#unusable) throw this.#unusable;
      const owned = await this.#owned(`${markOf(agent)}-${randomUUID()}`, true);
      if (!owned) throw new Error("A new store is owned by another process");
      return owned;
    } catch (error) {
      problem(
        `Tasks end with this process, since nothing can be stored in ${this.#folder} (${reasonOf(error)}). Make room or give access, or name another folder with HOLDFAST_DATA`,
      );
      const file = await TaskFile.inMemory();
      const close = (): void => file.close();
      return { file, release: close, remove: close };
    }
  }

  /**
   * Takes the stores that no living process owns: those of this agent at once, those of another when they have been ownerless
   * for a while, since that agent may be about to start again and to make its calls again.
   * @param all Takes them all at once: somebody asks for what may be in them.
   * @param problem Takes a sentence for the user about a store that cannot be read: it is set aside, and the others are taken.
   */
  async adopt(agent: string, all: boolean, problem: (text: string) => void): Promise<readonly OwnedFile[]> {
    const adopted: OwnedFile[] = [];
    for (const name of this.#names()) {
      try {
        const due = all || name.startsWith(`${markOf(agent)}-`) || (await this.#isForsaken(name));
        const owned = due ? await this.#owned(name, false) : undefined;
        if (!owned) continue;
        this.#ownerless.delete(name);
        adopted.push(owned);
      } catch (error) {
        // One that is only busy, or on a disk that is full, is tried again.
        if (isDamaged(error))
          problem(`${this.#setAside(name)} is damaged (${reasonOf(error)}): its tasks are lost`);
      }
    }
    return adopted;
  }

  /** Renames a store that is not a database, and deletes its lock: no process opens it again. Returns its new path. */
  #setAside(name: string): string {
    const path = this.#path(name);
    rmSync(join(this.#folder, `${name}.lock`), { force: true });
    renameSync(path, `${path}.damaged`);
    return `${path}.damaged`;
  }

  async #isForsaken(name: string): Promise<boolean> {
    const since = this.#ownerless.get(name);
    if (since !== undefined && Date.now() - since >= FORSAKEN_MS) return true;
    const ownership = await own(join(this.#folder, `${name}.lock`));
    ownership?.release();
    if (!ownership) this.#ownerless.delete(name);
    else if (since === undefined) this.#ownerless.set(name, Date.now());
    return false;
  }

  /** All stores, of any owner. The caller closes them. */
  async files(): Promise<readonly TaskFile[]> {
    const opened = await Promise.all(
      this.#names().map((name) =>
        TaskFile.open(this.#path(name), this.#synced).catch((error: unknown) => {
          if (!isDamaged(error)) throw error;
          return [];
        }),
      ),
    );
    return opened.flat();
  }

  /** Takes one store, unless a living process owns it. */
  async take(path: string): Promise<Ownership | undefined> {
    return own(path.replace(/\.db$/, ".lock"));
  }

  #names(): readonly string[] {
    if (this.#unusable) return [];
    return readdirSync(this.#folder).flatMap((name) => (name.endsWith(".db") ? [name.slice(0, -3)] : []));
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.db`);
  }

  async #owned(name: string, isNew: boolean): Promise<OwnedFile | undefined> {
    const lock = join(this.#folder, `${name}.lock`);
    const ownership = await own(lock);
    if (!ownership) return undefined;
    const path = this.#path(name);
    const unlock = (): void => {
      ownership.release();
      rmSync(lock, { force: true });
    };
    // Its last owner may have deleted it a moment ago.
    if (!isNew && !exists(path)) {
      unlock();
      return undefined;
    }
    let file: TaskFile;
    try {
      file = await TaskFile.open(path, this.#synced);
    } catch (error) {
      ownership.release();
      throw error;
    }
    return {
      file,
      release: () => {
        file.close();
        ownership.release();
      },
      remove: () => {
        file.remove();
        unlock();
      },
    };
  }
}

/** Which agent a store is of, for its name. */
function markOf(agent: string): string {
  return createHash("sha256").update(agent).digest("hex").slice(0, 8);
}
