import { type Clock, systemClock } from "../clock.ts";
import { backoffDelay } from "../engine/schedule.ts";
import type { Fetch } from "./exchange.ts";
import type { Transport } from "./transport.ts";

/** A stream that lived for less than this ended too early, in ms. Proxies end idle streams after 30 s and more. */
const SHORT_LIFE_MS = 10_000;
/** The least wait before a broken response stream is resumed, whatever `retry` the server names, in ms. */
const RESUME_MS = 500;

/**
 * The GET stream on which a 2025-11-25 server sends of its own accord (transports, "Listening for Messages from the
 * Server"). The SDK transports open it after every handshake, and reconnect as fast as the server's `retry` says. This
 * one exists only between `open` and `close`, once, and with a backoff: it sits in the `fetch` of the transport.
 */
export class ServerStream {
  readonly #fetch: Fetch;
  readonly #clock: Clock;
  #wanted = false;
  #current: AbortController | undefined;
  /** Distinguishes a reconnect of this stream from the resumption of a response stream. */
  #lastEventId: string | undefined;
  #failures = 0;

  constructor(fetch: Fetch, clock: Clock = systemClock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  async open(transport: Transport): Promise<void> {
    this.#wanted = true;
    const onresumptiontoken = (id: string): void => {
      this.#lastEventId = id;
    };
    if (!this.#current) await transport.resumeStream?.("", { onresumptiontoken });
  }

  close(): void {
    this.#wanted = false;
    this.#current?.abort();
    this.#current = undefined;
  }

  /** The `fetch` for the transport. */
  readonly fetch: Fetch = async (url, init) => {
    if (init?.method !== "GET") return this.#fetch(url, init);
    const lastEventId = new Headers(init.headers).get("last-event-id");
    if (lastEventId !== null && lastEventId !== this.#lastEventId) {
      await this.#pause(RESUME_MS, init.signal);
      return this.#fetch(url, init);
    }
    // The status of a server without this stream: the transport asks no more.
    if (!this.#wanted || this.#current) return new Response(null, { status: 405 });
    const current = new AbortController();
    this.#current = current;
    const signals = [current.signal, ...(init.signal ? [init.signal] : [])];
    const signal = AbortSignal.any(signals);
    let openedAt = this.#clock.now();
    const ended = (): void => {
      if (this.#current !== current) return;
      this.#current = undefined;
      this.#failures = this.#clock.now() - openedAt < SHORT_LIFE_MS ? this.#failures + 1 : 1;
    };
    try {
      if (this.#failures > 0) await this.#pause(backoffDelay(String(url), this.#failures), signal);
      openedAt = this.#clock.now();
      const response = await this.#fetch(url, { ...init, signal });
      if (response.ok && response.body)
        return new Response(watched(response.body, ended), {
          status: response.status,
          headers: response.headers,
        });
      ended();
      return response;
    } catch (error) {
      ended();
      throw error;
    }
  };

  #pause(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ms, resolve);
      const abort = (): void => {
        cancel();
        reject(signal?.reason);
      };
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}

/** The same stream; calls back when it has ended, failed or been cancelled. */
function watched(body: ReadableStream<Uint8Array>, ended: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      ended();
    },
    cancel(reason) {
      ended();
      return reader.cancel(reason);
    },
  });
}
