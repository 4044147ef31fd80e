import { createHash, randomBytes } from "node:crypto";
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { makeFolder } from "../store/make-folder.ts";
import { type Ownership, own } from "../store/ownership.ts";

/** What signing in to one server left behind. */
export interface Credentials {
  /** The client's registration at the authorization server, which holds for redirects to this port. */
  readonly client?: JsonObject;
  readonly port?: number;
  readonly tokens?: JsonObject;
  /** When the user last refused to sign in or did not do it in time, in ms since 1970. */
  readonly failedAt?: number;
}

/** How often a lock that another process holds is tried again, in ms. */
const RETRY_MS = 200;

/** Credentials in a file that only the user can read. Several processes may share it: it is read anew each time. */
export class CredentialFile {
  readonly #path: string;

  constructor(folder: string, url: string) {
    const name = createHash("sha256").update(url).digest("hex").slice(0, 32);
    this.#path = join(folder, "credentials", `${name}.json`);
  }

  read(): Credentials {
    try {
      const stored: unknown = JSON.parse(readFileSync(this.#path, "utf8"));
      return isObject(stored) ? (stored as Credentials) : {};
    } catch {
      // Without a readable file the user signs in again.
      return {};
    }
  }

  /** Changes some of it. Written beside and renamed, so that no other process reads half a file. */
  update(change: { readonly [K in keyof Credentials]: Credentials[K] | undefined }): void {
    this.#makeFolder();
    const beside = `${this.#path}.${randomBytes(6).toString("hex")}`;
    try {
      writeFileSync(beside, JSON.stringify({ ...this.read(), ...change }), { mode: 0o600, flag: "wx" });
      renameSync(beside, this.#path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
  }

  /**
   * Resolves when no other process gets tokens for this server: the user must not see two sign-in pages, and a refresh
   * token that is used twice counts as stolen (RFC 9700, 4.14.2). A lock ends with its process.
   * @param waiting Called once if another process has the lock.
   */
  async lock(waiting: () => void): Promise<Ownership> {
    this.#makeFolder();
    for (let tries = 0; ; tries++) {
      const lock = await own(this.#path.replace(/\.json$/, ".lock"));
      if (lock) return lock;
      if (tries === 0) waiting();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #makeFolder(): void {
    const folder = dirname(this.#path);
    makeFolder(folder);
    chmodSync(folder, 0o700);
  }
}
