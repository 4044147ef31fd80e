import { Followed } from "../app/followed.ts";

/** How many exchanges are remembered, and how much of each body, in characters. */
const KEPT = 500;
const KEPT_BODY = 32_768;

/** Headers that are shown. What others say may be a secret: of a session, of a person. */
const SHOWN_HEADERS: ReadonlySet<string> = new Set([
  "accept",
  "cache-control",
  "content-length",
  "content-type",
  "date",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "retry-after",
]);
const REDACTED = "(redacted)";

export interface Body {
  /** Its beginning. */
  readonly text: string;
  /** Of the whole, in bytes. */
  readonly bytes: number;
}

/** A request of the page to a server, and the reply. Times are in ms. */
export interface Exchange {
  readonly id: number;
  /** When it was sent, since 1970. */
  readonly at: number;
  readonly http: string;
  /** Without its query. */
  readonly url: string;
  /** The JSON-RPC method; undefined for what is no call. */
  readonly rpc: string | undefined;
  readonly requestHeaders: readonly (readonly [name: string, value: string])[];
  readonly request: Body;
  readonly status?: number;
  readonly responseHeaders?: readonly (readonly [name: string, value: string])[];
  readonly response?: Body;
  /** Until the end of the reply, or of the attempt. */
  readonly ms?: number;
  /** The reply is a stream that is open. */
  readonly isOpen?: true;
  /** Why there is no reply. */
  readonly problem?: string;
}

type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

/** The requests of this page and their replies, the latest of them, in memory only. */
export class WireLog {
  readonly exchanges = new Followed<readonly Exchange[]>([]);
  #next = 0;

  /** A `fetch` that notes what is sent to the address of a server. What goes elsewhere, such as to a sign-in, is not noted. */
  recording(server: string, fetch: Fetch): Fetch {
    const own = new URL(server).href;
    return async (input, init = {}) => {
      if (new URL(input, server).href !== own) return fetch(input, init);
      const id = this.#begin(own, init);
      const start = performance.now();
      const since = (): number => performance.now() - start;
      try {
        const response = await fetch(input, init);
        const responseHeaders = shownHeaders(response.headers);
        this.#note(id, { status: response.status, responseHeaders, ms: since() });
        return response.body ? this.#read(id, response, response.body, since) : response;
      } catch (error) {
        this.#note(id, { problem: error instanceof Error ? error.message : String(error), ms: since() });
        throw error;
      }
    };
  }

  #begin(url: string, { method = "GET", headers, body }: RequestInit): number {
    const id = this.#next++;
    const text = typeof body === "string" ? body : "";
    const exchange: Exchange = {
      id,
      at: Date.now(),
      http: method,
      url: withoutQuery(url),
      rpc: methodOf(text),
      requestHeaders: shownHeaders(new Headers(headers)),
      request: { text: text.slice(0, KEPT_BODY), bytes: new TextEncoder().encode(text).length },
    };
    this.exchanges.set([...this.exchanges.get().slice(1 - KEPT), exchange]);
    return id;
  }

  /** Notes the body as it is read, and no faster: a reader that stops stops the server. */
  #read(id: number, response: Response, body: ReadableStream<Uint8Array>, since: () => number): Response {
    const decoder = new TextDecoder();
    let text = "";
    let bytes = 0;
    this.#note(id, { isOpen: true });
    const end = (): void => {
      const response = { text, bytes };
      this.#note(id, { response, ms: since(), isOpen: undefined });
    };
    const noted = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (text.length < KEPT_BODY)
          text = (text + decoder.decode(chunk, { stream: true })).slice(0, KEPT_BODY);
        controller.enqueue(chunk);
      },
      flush: end,
      cancel: end,
    } as Transformer<Uint8Array, Uint8Array>);
    const { status, statusText, headers } = response;
    return new Response(body.pipeThrough(noted), { status, statusText, headers });
  }

  #note(id: number, part: { readonly [K in keyof Exchange]?: Exchange[K] | undefined }): void {
    const known = this.exchanges.get();
    if (!known.some((exchange) => exchange.id === id)) return;
    this.exchanges.set(
      known.map((exchange) => {
        if (exchange.id !== id) return exchange;
        const { isOpen: _open, ...rest } = { ...exchange, ...part };
        return { ...rest, ...(part.isOpen && { isOpen: true }) } as Exchange;
      }),
    );
  }
}

/** Of an SDK client's frames and the library's own, the method stands near the beginning, wherever the arguments are. */
function methodOf(text: string): string | undefined {
  try {
    const { method } = JSON.parse(text) as { readonly method?: unknown };
    return typeof method === "string" ? method : undefined;
  } catch {
    return undefined;
  }
}

function shownHeaders(headers: Headers): readonly (readonly [string, string])[] {
  return [...headers].map(([name, value]) => [name, SHOWN_HEADERS.has(name) ? value : REDACTED]);
}

/** A query may have a key in it. */
function withoutQuery(address: string): string {
  const { origin, pathname, search } = new URL(address);
  return origin + pathname + (search === "" ? "" : `?${REDACTED}`);
}
