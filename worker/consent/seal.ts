import { base64url, bytesOfBase64url } from "../http/base64.ts";

/**
 * Encrypts values with a secret (AES-256-GCM). What is sealed opens under the same secret and purpose only, and unchanged.
 */
export class Seal {
  readonly #key: Promise<CryptoKey>;

  constructor(secret: string) {
    this.#key = crypto.subtle
      .importKey("raw", bytesOf(secret), "HKDF", false, ["deriveKey"])
      .then((material) =>
        crypto.subtle.deriveKey(
          { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytesOf("holdfast consent") },
          material,
          { name: "AES-GCM", length: 256 },
          false,
          ["encrypt", "decrypt"],
        ),
      );
  }

  /** @param purpose What it is for, and whose. */
  async sealed(value: unknown, purpose: string): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const algorithm = { name: "AES-GCM", iv, additionalData: bytesOf(purpose) };
    const text = await crypto.subtle.encrypt(algorithm, await this.#key, bytesOf(JSON.stringify(value)));
    return `${base64url(iv)}.${base64url(new Uint8Array(text))}`;
  }

  /** Undefined for what was sealed otherwise, or not at all. */
  async opened(sealed: string, purpose: string): Promise<unknown> {
    const [iv = "", text = ""] = sealed.split(".");
    try {
      const algorithm = { name: "AES-GCM", iv: bytesOfBase64url(iv), additionalData: bytesOf(purpose) };
      const plain = await crypto.subtle.decrypt(algorithm, await this.#key, bytesOfBase64url(text));
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      return undefined;
    }
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}
