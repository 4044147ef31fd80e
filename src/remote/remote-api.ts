import type { Clock } from "../clock.ts";
import { createWaits, type Waits } from "../mirror/waits.ts";
import { malformed, RemoteApiError, refusalOf, unreachable } from "./remote-api-error.ts";

/** A bearer token, or where to get one: asked before every request, and again when the worker refuses it. */
export type TokenSource = string | (() => string | Promise<string>);

export interface RemoteApiOptions {
  readonly url: string | URL;
  readonly token: TokenSource | undefined;
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly clock: Clock;
  /** A request failed, and is made again. */
  readonly retrying: (error: RemoteApiError) => void;
}

export interface ApiRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below the worker's address, with its leading slash. */
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What the worker answered with, when it did not refuse. */
export interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** Codes of a 5xx that are the worker's considered answer: asking again would not change it. */
const FINAL = /^upstream(-unauthorized)?$/;

/** Requests to the worker's HTTP API. Throws a {@link RemoteApiError} for everything but success. */
export interface RemoteApi {
  /** Those between attempts, for the events as well. */
  readonly waits: Waits;
  /** One request, whatever comes of it. With a token refused, a second one if there is another token. */
  open(request: ApiRequest): Promise<Response>;
  /**
   * Makes a request that may be made twice, until there is an answer to it.
   * @param attempts How often it is tried in all; Infinity: until the signal is aborted.
   * @param meanwhile Called with every failure except the last.
   */
  insist(request: ApiRequest, attempts: number, meanwhile?: (error: RemoteApiError) => void): Promise<Answer>;
}

export function createRemoteApi(options: RemoteApiOptions): RemoteApi {
  const { token, clock, fetch = (input, init) => globalThis.fetch(input, init) } = options;
  const waits = createWaits(clock);
  const base = String(options.url).replace(/\/+$/, "");
  const tokenNow = async (): Promise<string | undefined> => (typeof token === "function" ? token() : token);

  async function send(request: ApiRequest, bearer: string | undefined): Promise<Response> {
    const { method, path, body, headers, signal } = request;
    signal.throwIfAborted();
    try {
      return await fetch(base + path, {
        method,
        headers: {
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
          ...headers,
        },
        ...(body !== undefined && { body }),
        cache: "no-store",
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(error, base);
    }
  }

  async function open(request: ApiRequest): Promise<Response> {
    const refused = await tokenNow();
    let response = await send(request, refused);
    if (response.status === 401 && typeof token === "function") {
      const other = await tokenNow();
      if (other !== refused) {
        await response.body?.cancel().catch(() => undefined);
        response = await send(request, other);
      }
    }
    if (response.ok) return response;
    throw await refusalOf(response, clock.now());
  }

  /** One request and the JSON it is answered with; nothing for a 204. */
  async function ask(request: ApiRequest): Promise<Answer> {
    const response = await open(request);
    const { status } = response;
    if (status === 204) return { status, json: undefined };
    const text = await response.text().catch((error: unknown) => {
      // The connection broke within the answer.
      request.signal.throwIfAborted();
      throw unreachable(error, base);
    });
    try {
      return { status, json: JSON.parse(text) };
    } catch (error) {
      throw malformed(status, "The worker's answer is not JSON", error);
    }
  }

  return {
    waits,
    open,
    async insist(request, attempts, meanwhile) {
      for (let failures = 1; ; failures++) {
        try {
          return await ask(request);
        } catch (error) {
          if (failures >= attempts || !isPassing(error)) throw error;
          meanwhile?.(error);
          options.retrying(error);
          await waits.backOff(failures, error.retryAfterMs, request.signal);
        }
      }
    },
  };
}

/** It may go well the next time: the network, too many requests, a failure of the worker. */
export function isPassing(error: unknown): error is RemoteApiError {
  if (!(error instanceof RemoteApiError) || FINAL.test(error.code)) return false;
  const { status } = error;
  return status === 0 || status === 408 || status === 429 || status >= 500;
}
