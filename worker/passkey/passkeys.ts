import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import { log } from "../operations/log.ts";
import { userHandleOf } from "./user-handle.ts";

/** How many passkeys a principal may have, and how many offers to add one are open at the same time. */
const MOST = 20;
/** How long a person may take to add a passkey, in ms. */
const OFFER_MS = 300_000;
/** How long a used challenge is remembered, in ms: longer than any page takes it. */
const USED_MS = 3_600_000;

/** EdDSA, ES256, RS256 (COSE): what platforms sign with. */
const ALGORITHMS = [-8, -7, -257];

/** The origin a passkey is for. Its host name must be a domain. */
export interface PasskeySite {
  readonly origin: string;
  readonly hostname: string;
}

/** Times are in ms since 1970. */
export interface PasskeyListing {
  readonly id: string;
  readonly createdAt: number;
  readonly lastUsedAt?: number;
  /** It is synced to other devices by its provider, as against one that stays in a device. */
  readonly synced: boolean;
}

interface StoredPasskey extends PasskeyListing {
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** The authenticator's signature counter, 0 for those that have none. */
  readonly counter: number;
}

/**
 * The passkeys of one principal (WebAuthn Level 3): added by who has the principal's secret, each good for signing in alone. A
 * passkey works for the origin and the person it was made for, and each challenge once.
 */
export class Passkeys {
  readonly #kv: SyncKvStorage;
  readonly #principal: string;

  constructor(kv: SyncKvStorage, principal: string) {
    this.#kv = kv;
    this.#principal = principal;
  }

  /** The newest first. */
  list(): readonly PasskeyListing[] {
    return this.#stored()
      .map(({ id, createdAt, lastUsedAt, synced }) => ({
        id,
        createdAt,
        synced,
        ...(lastUsedAt !== undefined && { lastUsedAt }),
      }))
      .sort((a, b) => b.createdAt - a.createdAt);
  }

  /** To remove a passkey that is not there does nothing. */
  remove(id: string): void {
    this.#kv.delete(keyOf(id));
  }

  /** What a browser needs to make a passkey; undefined if there are as many as there may be. */
  async offer({ hostname }: PasskeySite): Promise<PublicKeyCredentialCreationOptionsJSON | undefined> {
    const known = this.#stored();
    if (known.length >= MOST) return undefined;
    const { generateRegistrationOptions } = await import("@simplewebauthn/server");
    const options = await generateRegistrationOptions({
      rpName: "Holdfast",
      rpID: hostname,
      userName: this.#principal,
      userID: await userHandleOf(this.#principal),
      attestationType: "none",
      excludeCredentials: known.map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      supportedAlgorithmIDs: ALGORITHMS,
    });
    this.#prune("passkey-offer:", MOST - 1);
    this.#kv.put(`passkey-offer:${options.challenge}`, Date.now() + OFFER_MS);
    return options;
  }

  /** Adds the passkey that a browser made for an offer; undefined if it does not fit one. The log says why. */
  async add(
    { origin, hostname }: PasskeySite,
    response: RegistrationResponseJSON,
  ): Promise<PasskeyListing | undefined> {
    const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
    try {
      const { registrationInfo } = await verifyRegistrationResponse({
        response,
        expectedChallenge: (challenge) => this.#isOpen(`passkey-offer:${challenge}`),
        expectedOrigin: origin,
        expectedRPID: hostname,
        supportedAlgorithmIDs: ALGORITHMS,
      });
      if (!registrationInfo) throw new Error("The attestation is not valid");
      const { credential, credentialDeviceType } = registrationInfo;
      const passkey: StoredPasskey = {
        id: credential.id,
        publicKey: credential.publicKey,
        counter: credential.counter,
        createdAt: Date.now(),
        synced: credentialDeviceType === "multiDevice",
      };
      if (this.#stored().length >= MOST) throw new Error("There are too many passkeys");
      this.#kv.put(keyOf(passkey.id), passkey);
      log("passkey-added", { principal: this.#principal, id: passkey.id });
      const { publicKey: _key, counter: _counter, ...listing } = passkey;
      return listing;
    } catch (error) {
      log("passkey-refused", { error: String(error) });
      return undefined;
    }
  }

  /**
   * Whether the principal has signed this challenge with a passkey for this origin. Takes each challenge once. The log says why
   * not.
   * @param challenge Base64url. The caller has checked that it was made for this browser, within the last hour.
   */
  async use(
    { origin, hostname }: PasskeySite,
    challenge: string,
    response: AuthenticationResponseJSON,
  ): Promise<boolean> {
    const key = keyOf(response.id);
    try {
      const passkey = this.#kv.get<StoredPasskey>(key);
      if (!passkey) throw new Error("The passkey is not known");
      const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response,
        expectedChallenge: challenge,
        expectedOrigin: origin,
        expectedRPID: hostname,
        credential: passkey,
      });
      if (!verified) throw new Error("The signature does not fit");
      // Nothing is awaited from here on: of two requests with one challenge, the second finds it used.
      const now = Date.now();
      const used = `passkey-used:${challenge}`;
      if (this.#kv.get(used) !== undefined) throw new Error("The challenge was used before");
      if (this.#kv.get(key) === undefined) throw new Error("The passkey was removed");
      this.#prune("passkey-used:");
      this.#kv.put(used, now + USED_MS);
      this.#kv.put(key, { ...passkey, counter: authenticationInfo.newCounter, lastUsedAt: now });
      return true;
    } catch (error) {
      log("passkey-refused", { error: String(error) });
      return false;
    }
  }

  #stored(): readonly StoredPasskey[] {
    return [...this.#kv.list<StoredPasskey>({ prefix: keyOf("") })].map(([, passkey]) => passkey);
  }

  /** Whether the row is there, and its time is not over. It is gone afterwards. */
  #isOpen(key: string): boolean {
    const until = this.#kv.get<number>(key) ?? 0;
    this.#kv.delete(key);
    return Date.now() < until;
  }

  /** Deletes rows whose time is over, and those that end first of more than `most`. */
  #prune(prefix: string, most = Number.POSITIVE_INFINITY): void {
    const rows = [...this.#kv.list<number>({ prefix })].sort(([, a], [, b]) => b - a);
    for (const [index, [key, until]] of rows.entries())
      if (index >= most || until < Date.now()) this.#kv.delete(key);
  }
}

function keyOf(id: string): string {
  return `passkey:${id}`;
}
