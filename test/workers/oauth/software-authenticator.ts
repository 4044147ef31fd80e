const encoder = new TextEncoder();

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

async function sha256(data: string | Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await crypto.subtle.digest("SHA-256", typeof data === "string" ? encoder.encode(data) : data),
  );
}

function bytes(...parts: (number | string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...(typeof part === "string" ? encoder.encode(part) : part)],
    ),
  );
}

/** An integer of an ASN.1 signature: without leading zeros, and not negative. */
function derInteger(value: Uint8Array): Uint8Array {
  const start = value.findIndex((byte) => byte !== 0);
  const digits = value.slice(start);
  const padded = (digits[0] ?? 0) > 127 ? bytes(0, digits) : digits;
  return bytes(2, padded.length, padded);
}

export interface Creation {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
}

/** What of an honest answer is changed. */
export interface Forgery {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly counter?: number;
  /** Bit 0: a person was there; bit 2: the person was verified. */
  readonly flags?: number;
}

/** A passkey in software: what a browser's authenticator sends, honest or not. ES256 without attestation. */
export class SoftwarePasskey {
  readonly id: string;
  readonly #id: Uint8Array;
  readonly #keys: CryptoKeyPair;
  #counter = 0;
  userHandle = "";
  rpId = "";

  private constructor(id: Uint8Array, keys: CryptoKeyPair) {
    this.#id = id;
    this.id = base64url(id);
    this.#keys = keys;
  }

  static async made(): Promise<SoftwarePasskey> {
    const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
      "sign",
      "verify",
    ]);
    return new SoftwarePasskey(crypto.getRandomValues(new Uint8Array(16)), keys as CryptoKeyPair);
  }

  /** The answer to an offer, as `toJSON()` makes it. */
  async registration(
    { challenge, rp, user }: Creation,
    origin: string,
    forged: Forgery = {},
  ): Promise<object> {
    this.userHandle = user.id;
    this.rpId = rp.id;
    const point = new Uint8Array((await crypto.subtle.exportKey("raw", this.#keys.publicKey)) as ArrayBuffer);
    // A COSE key of 5 entries: kty EC2, alg ES256, crv P-256, x, y.
    const key = bytes(
      0xa5,
      1,
      2,
      3,
      0x26,
      0x20,
      1,
      0x21,
      0x58,
      32,
      point.slice(1, 33),
      0x22,
      0x58,
      32,
      point.slice(33),
    );
    const attested = bytes(new Uint8Array(16), 0, this.#id.length, this.#id, key);
    const data = bytes(await this.#authenticatorData({ flags: 0x45, ...forged }), attested);
    const attestationObject = bytes(
      0xa3,
      0x63,
      "fmt",
      0x64,
      "none",
      0x67,
      "attStmt",
      0xa0,
      0x68,
      "authData",
      0x58,
      data.length,
      data,
    );
    return {
      id: this.id,
      rawId: this.id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: base64url(clientData("webauthn.create", challenge, origin, forged)),
        attestationObject: base64url(attestationObject),
        transports: ["internal"],
      },
    };
  }

  /** The challenge of a page, signed. */
  async assertion(challenge: string, origin: string, forged: Forgery = {}): Promise<string> {
    this.#counter++;
    const data = await this.#authenticatorData({ counter: this.#counter, ...forged });
    const client = clientData("webauthn.get", challenge, origin, forged);
    const raw = new Uint8Array(
      await crypto.subtle.sign(
        { name: "ECDSA", hash: "SHA-256" },
        this.#keys.privateKey,
        bytes(data, await sha256(client)),
      ),
    );
    const [r, s] = [derInteger(raw.slice(0, 32)), derInteger(raw.slice(32))];
    return JSON.stringify({
      id: this.id,
      rawId: this.id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: base64url(client),
        authenticatorData: base64url(data),
        signature: base64url(bytes(0x30, r.length + s.length, r, s)),
        userHandle: this.userHandle,
      },
    });
  }

  async #authenticatorData({ rpId = this.rpId, flags = 0x05, counter = 0 }: Forgery): Promise<Uint8Array> {
    return bytes(await sha256(rpId), flags, 0, 0, counter >> 8, counter & 255);
  }
}

function clientData(
  type: string,
  challenge: string,
  origin: string,
  forged: Forgery,
): Uint8Array<ArrayBuffer> {
  return bytes(JSON.stringify({ type, challenge, origin, crossOrigin: false, ...pick(forged) }));
}

function pick({ type, challenge, origin }: Forgery): object {
  return Object.fromEntries(
    Object.entries({ type, challenge, origin }).filter(([, value]) => value !== undefined),
  );
}
