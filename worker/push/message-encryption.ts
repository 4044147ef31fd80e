import { bytesOfBase64url } from "../http/base64.ts";

/** The keys of a push subscription, in base64url (Push API, `PushSubscription.getKey()`). */
export interface SubscriptionKeys {
  /** The browser's public key: an uncompressed point of P-256, 65 bytes. */
  readonly p256dh: string;
  /** The authentication secret, 16 bytes. */
  readonly auth: string;
}

/** What is random in a message. */
export interface MessageEntropy {
  /** 16 bytes. */
  readonly salt: Uint8Array<ArrayBuffer>;
  /** A key pair of P-256 for ECDH, for this message alone. */
  readonly sender: CryptoKeyPair;
}

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;
/** A push service takes messages of 4096 bytes (RFC 8030, section 7.2). The one record of a message is not longer. */
const RECORD_BYTES = 4096;
/** Ends the last record (RFC 8188, section 2). */
const LAST_RECORD = Uint8Array.of(2);

/**
 * Returns the body of a push message: the text, encrypted for one subscription (RFC 8291) in the content coding `aes128gcm` (RFC 8188).
 * @param keys As {@link areSubscriptionKeys} accepts them.
 * @param entropy Random unless given.
 * @throws RangeError if the text does not fit into one message: 3993 bytes in UTF-8.
 */
export async function encryptedMessage(
  text: string,
  keys: SubscriptionKeys,
  entropy?: MessageEntropy,
): Promise<Uint8Array<ArrayBuffer>> {
  const { salt, sender } = entropy ?? (await randomEntropy());
  const receiver = bytesOfBase64url(keys.p256dh);
  const senderKey = new Uint8Array((await crypto.subtle.exportKey("raw", sender.publicKey)) as ArrayBuffer);
  const header = joined(salt, uint32(RECORD_BYTES), Uint8Array.of(senderKey.length), senderKey);
  const plain = joined(utf8(text), LAST_RECORD);
  if (header.length + plain.length + 16 > RECORD_BYTES)
    throw new RangeError(`A push message of ${plain.length - 1} bytes is too long`);

  const shared = await crypto.subtle.deriveBits(
    // The types of workerd call the member `$public`, which the standard and workerd do not.
    { name: "ECDH", public: await receiverKey(receiver) } as object as SubtleCryptoDeriveKeyAlgorithm,
    sender.privateKey,
    256,
  );
  // RFC 8291, section 3.4, then RFC 8188, section 2.2 and 2.3.
  const info = joined(utf8("WebPush: info\0"), receiver, senderKey);
  const material = await derived(shared, bytesOfBase64url(keys.auth), info, 32);
  const key = await derived(material, salt, utf8("Content-Encoding: aes128gcm\0"), 16);
  const iv = await derived(material, salt, utf8("Content-Encoding: nonce\0"), 12);
  const cipher = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, cipher, plain);
  return joined(header, new Uint8Array(sealed));
}

/** Whether a message can be encrypted for these keys: both have their lengths, and `p256dh` is a point on the curve. */
export async function areSubscriptionKeys({ p256dh, auth }: SubscriptionKeys): Promise<boolean> {
  try {
    await receiverKey(bytesOfBase64url(p256dh));
    return bytesOfBase64url(p256dh).length === 65 && bytesOfBase64url(auth).length === 16;
  } catch {
    return false;
  }
}

function receiverKey(raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, CURVE, false, []);
}

async function randomEntropy(): Promise<MessageEntropy> {
  const sender = (await crypto.subtle.generateKey(CURVE, false, ["deriveBits"])) as CryptoKeyPair;
  return { salt: crypto.getRandomValues(new Uint8Array(16)), sender };
}

/** HKDF with SHA-256 (RFC 5869). */
async function derived(
  secret: ArrayBuffer,
  salt: Uint8Array<ArrayBuffer>,
  info: Uint8Array<ArrayBuffer>,
  bytes: number,
): Promise<ArrayBuffer> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  return crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, bytes * 8);
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}

function uint32(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
