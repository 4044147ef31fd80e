import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isJson } from "../../src/channel/response-messages.ts";
import { isObject } from "../../src/protocol/json.ts";
import { ConfigurationError } from "../configuration/variables.ts";
import { makeFolder } from "../store/make-folder.ts";
import { own } from "../store/ownership.ts";

/** What a state folder keeps beside the worker's storage. Only its owner can read the file. */
interface Secrets {
  /** SHA-256 of the token, in hexadecimal digits: the token itself is shown once and not stored. */
  readonly tokenSha256: string;
  /** Encrypts people's tokens for endpoints with `consent`. */
  readonly consentSecret: string;
}

/** The folder with all state of one `holdfast serve`, owned by this process until it ends, however it ends. */
export class StateFolder {
  readonly path: string;
  readonly release: () => void;

  private constructor(path: string, release: () => void) {
    this.path = path;
    this.release = release;
  }

  /** Makes the folder if need be. Throws a ConfigurationError if another process owns it. */
  static async open(path: string): Promise<StateFolder> {
    try {
      makeFolder(join(path, "storage"));
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      throw new ConfigurationError(
        `${path} cannot hold the state (${code}): give access, or another folder with --state`,
      );
    }
    const ownership = await own(join(path, "serve.lock"));
    if (!ownership)
      throw new ConfigurationError(
        `${path} is in use by another holdfast serve: stop that one, or give another folder with --state`,
      );
    return new StateFolder(path, () => ownership.release());
  }

  /**
   * Returns the secrets. `token` is there if it was made now.
   * @param given A token to use from now on.
   * @param anew Makes another token, and forgets the one before.
   */
  secrets(given: string | undefined, anew: boolean): Secrets & { readonly token?: string } {
    const file = join(this.path, "secrets.json");
    const stored = existsSync(file) ? secretsIn(file) : undefined;
    if (stored && given === undefined && !anew) return stored;
    const token = given ?? `hf_${randomBytes(24).toString("base64url")}`;
    const secrets: Secrets = {
      tokenSha256: sha256(token),
      consentSecret: stored?.consentSecret ?? randomBytes(32).toString("base64url"),
    };
    this.write("secrets.json", JSON.stringify(secrets));
    return { ...secrets, ...(given === undefined && { token }) };
  }

  /** Writes a file whole, or not at all. Returns its path. */
  write(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return path;
  }
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function secretsIn(file: string): Secrets {
  const text = readFileSync(file, "utf8");
  const found: unknown = isJson(text) ? JSON.parse(text) : undefined;
  if (isObject(found) && typeof found.tokenSha256 === "string" && typeof found.consentSecret === "string")
    return { tokenSha256: found.tokenSha256, consentSecret: found.consentSecret };
  throw new ConfigurationError(`${file} is damaged: delete it, and the next start makes a new token`);
}
