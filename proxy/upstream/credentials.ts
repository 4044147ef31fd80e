import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isObject, type JsonObject } from "../../src/protocol/json.ts";

/** What signing in to one server left: the client's registration, its tokens, and the port its redirect goes to. */
export interface Credentials {
  readonly client?: JsonObject;
  readonly tokens?: JsonObject;
  readonly port?: number;
}

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
      // No file, or one that cannot be read: the user signs in again.
      return {};
    }
  }

  /** Changes some of it. Written beside and renamed, so that no other process reads half a file. */
  update(change: { readonly [K in keyof Credentials]: Credentials[K] | undefined }): void {
    const folder = dirname(this.#path);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const beside = `${this.#path}.${randomBytes(6).toString("hex")}`;
    try {
      writeFileSync(beside, JSON.stringify({ ...this.read(), ...change }), { mode: 0o600, flag: "wx" });
      renameSync(beside, this.#path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
  }
}
