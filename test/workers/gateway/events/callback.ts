import { vi } from "vitest";

const encoder = new TextEncoder();

/** A message that a callback received. */
export interface Received {
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown> & { readonly data?: Record<string, unknown> };
  readonly redirect: RequestInit["redirect"];
}

/** The address of a subscriber, which stands where the worker's `fetch` would go. It echoes challenges, and accepts what is signed. */
export class Callback {
  readonly url = `https://hooks.example/${crypto.randomUUID()}`;
  readonly received: Received[] = [];
  /** Replies in place of the callback's own. */
  answer: ((received: Received) => Response | Promise<Response> | undefined) | undefined;
  #secret = newSecret();

  static all: Callback[] = [];

  constructor() {
    if (Callback.all.push(this) === 1) divertFetch();
  }

  get secret(): string {
    return this.#secret;
  }

  rotate(): void {
    this.#secret = newSecret();
  }

  get challenges(): readonly Received[] {
    return this.received.filter(({ body }) => body.type === "verification");
  }

  /** The events it received of one type, or of all. */
  events(name?: string): readonly Received[] {
    return this.received.filter(
      ({ body }) => body.eventId !== undefined && (name ?? body.name) === body.name,
    );
  }

  async take(init: RequestInit): Promise<Response> {
    const text = String(init.body);
    const received = {
      headers: new Headers(init.headers),
      text,
      body: JSON.parse(text),
      redirect: init.redirect,
    };
    this.received.push(received);
    const answered = await this.answer?.(received);
    if (answered) return answered;
    if (!(await isSigned(received, this.#secret))) return new Response(null, { status: 401 });
    if (received.body.type === "verification") return Response.json({ challenge: received.body.challenge });
    return new Response(null, { status: 204 });
  }
}

export function newSecret(): string {
  return `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))}`;
}

/** Whether one of a message's signatures is the secret's (standardwebhooks.com). */
export async function isSigned({ headers, text }: Received, secret: string): Promise<boolean> {
  const raw = Uint8Array.from(atob(secret.slice("whsec_".length)), (char) => char.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${text}`;
  const checks = (headers.get("webhook-signature") ?? "").split(" ").map((signature) => {
    const mac = Uint8Array.from(atob(signature.slice("v1,".length)), (char) => char.charCodeAt(0));
    return crypto.subtle.verify("HMAC", key, mac, encoder.encode(signed));
  });
  return (await Promise.all(checks)).includes(true);
}

function divertFetch(): void {
  const original = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init = {}) => {
    const url = String(input instanceof Request ? input.url : input);
    const callback = Callback.all.find((known) => known.url === url);
    if (callback) return callback.take(init);
    if (url.startsWith("https://hooks.example/")) throw new TypeError("Nobody listens there");
    return original(input, init);
  });
}
