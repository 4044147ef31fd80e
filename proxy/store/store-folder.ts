import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isObject } from "../../src/protocol/json.ts";
import type { Configuration } from "../configuration/server-spec.ts";
import { type Ownership, own } from "./ownership.ts";
import { exists, TaskFile } from "./task-file.ts";

const DESCRIPTION = "configuration.json";

/** A store and the right to run its tasks. */
export interface OwnedFile {
  readonly file: TaskFile;
  /** Gives the store up; another process may adopt it. */
  release(): void;
  /** Deletes the store. */
  remove(): void;
}

/** The stores of one configuration: one for each process that runs it or ran it. */
export class StoreFolder {
  readonly #folder: string;
  readonly #synced: boolean;

  private constructor(folder: string, synced: boolean) {
    this.#folder = folder;
    this.#synced = synced;
  }

  static of(dataFolder: string, configuration: Configuration): StoreFolder {
    const folder = join(dataFolder, "stores", configuration.key);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const path of [dataFolder, join(dataFolder, "stores"), folder]) chmodSync(path, 0o700);
    const { label, servers } = configuration;
    const description = { label, servers: servers.map(({ name, kind }) => ({ name, kind })) };
    writeFileSync(join(folder, DESCRIPTION), JSON.stringify(description), { mode: 0o600 });
    return new StoreFolder(
      folder,
      servers.some(({ kind }) => kind === "remote"),
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

  /** A new store, owned by this process. */
  async create(): Promise<OwnedFile> {
    const owned = await this.#owned(randomUUID(), true);
    if (!owned) throw new Error("A new store is owned by another process");
    return owned;
  }

  /** Takes the stores that no living process owns. */
  async adopt(): Promise<readonly OwnedFile[]> {
    const adopted = await Promise.all(this.#names().map((name) => this.#owned(name, false)));
    return adopted.filter((owned) => owned !== undefined);
  }

  /** The stores that are there, whoever owns them. The caller closes them. */
  async files(): Promise<readonly TaskFile[]> {
    return Promise.all(this.#names().map((name) => TaskFile.open(this.#path(name), this.#synced)));
  }

  /** Takes one store, unless a living process owns it. */
  async take(path: string): Promise<Ownership | undefined> {
    return own(path.replace(/\.db$/, ".lock"));
  }

  #names(): readonly string[] {
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
