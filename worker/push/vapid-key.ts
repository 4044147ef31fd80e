import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { base64url, fromBase64url } from "../http/base64.ts";

const ALGORITHM = "ES256";
/** How long a token is good for, in ms. RFC 8292, section 2, allows a day. */
const TOKEN_MS = 12 * 3_600_000;

/**
 * The key by which push services recognize the worker (VAPID, RFC 8292). A browser binds a subscription to its public half.
 * Nothing but {@link authorization} shows anything of the private half.
 */
export class VapidKey {
  /** An uncompressed point of P-256 in base64url: the `applicationServerKey` of `PushManager.subscribe()`. */
  readonly publicKey: string;
  readonly #jwk: JWK;

  private constructor(jwk: JWK) {
    this.#jwk = jwk;
    this.publicKey = base64url(`\x04${fromBase64url(jwk.x ?? "")}${fromBase64url(jwk.y ?? "")}`);
  }

  /** Returns the stored key, or makes one and stores it: once for each principal, as subscriptions end with their key. */
  static async stored(kv: SyncKvStorage): Promise<VapidKey> {
    const known = kv.get<JWK>("vapid");
    if (known) return new VapidKey(known);
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const made = await exportJWK(privateKey);
    // Another request may have made one meanwhile.
    const first = kv.get<JWK>("vapid") ?? made;
    if (first === made) kv.put("vapid", made);
    return new VapidKey(first);
  }

  /**
   * Returns the `Authorization` header for a message.
   * @param address Where the message goes: the token is for its origin alone.
   * @param contact A `mailto:` or `https:` address for the push service's operator (RFC 8292, section 2.1).
   * @param now ms since 1970.
   */
  async authorization(address: string, contact: string | undefined, now: number): Promise<string> {
    const token = new SignJWT(contact === undefined ? {} : { sub: contact })
      .setProtectedHeader({ typ: "JWT", alg: ALGORITHM })
      .setAudience(new URL(address).origin)
      .setExpirationTime(Math.floor((now + TOKEN_MS) / 1000));
    return `vapid t=${await token.sign(await importJWK(this.#jwk, ALGORITHM))}, k=${this.publicKey}`;
  }
}
