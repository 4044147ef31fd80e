import { isChannelId } from "../../src/channel/rpc-channel.ts";
import { isObject } from "../../src/protocol/json.ts";

export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** One HTTP request as it left. */
export interface Sent {
  readonly http: string;
  /** The JSON-RPC method; `undefined` for a response, and where there is no body. */
  readonly method: string | undefined;
  readonly id: unknown;
  readonly headers: Headers;
  /** The HTTP status it was answered with, once it was. */
  status?: number;
}

/** A `fetch` that keeps what passes through it. */
export class Wire {
  readonly sent: Sent[] = [];
  readonly #fetch: Fetch;

  constructor(fetch: Fetch = (url, init) => globalThis.fetch(url, init)) {
    this.#fetch = fetch;
  }

  readonly fetch: Fetch = async (url, init = {}) => {
    const frame: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    const { method, id } = isObject(frame) ? frame : {};
    const sent: Sent = {
      http: init.method ?? "GET",
      method: typeof method === "string" ? method : undefined,
      id,
      headers: new Headers(init.headers),
    };
    this.sent.push(sent);
    const response = await this.#fetch(url, init);
    sent.status = response.status;
    return response;
  };

  /** The JSON-RPC methods that left, in order. */
  get methods(): readonly string[] {
    return this.sent.flatMap(({ method }) => method ?? []);
  }

  count(method: string): number {
    return this.methods.filter((sent) => sent === method).length;
  }

  /** Whether the server-to-client stream is open: notifications outside of requests arrive there. */
  get hasOpenStream(): boolean {
    return this.sent.some(({ http, status }) => http === "GET" && status === 200);
  }
}

/** The methods of Holdfast's own requests: a Client's ids are small. */
export function ofHoldfast({ sent }: Wire): readonly string[] {
  return sent.flatMap(({ method, id }) => (isChannelId(id) && method ? [method] : []));
}
