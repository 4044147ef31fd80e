import type { Clock } from "../clock.ts";
import type { TaskMirror } from "../mirror/task-mirror.ts";
import type { Waits } from "../mirror/waits.ts";
import { isObject } from "../protocol/json.ts";
import { unlessAborted } from "../unless-aborted.ts";
import type { BrowserPort } from "./browser.ts";
import { ExtensionError } from "./extension-error.ts";
import type { PageMessage, PageRequest } from "./messages.ts";
import { errorFromWire } from "./wire-error.ts";

/** How many connections to the worker fail before its waits reject. */
const ATTEMPTS = 4;
/** How long a worker may take to start, in ms. */
const READY_MS = 20_000;
/** A worker that was connected for as long as this, in ms, does not die of what it is asked. */
const STEADY_MS = 5_000;
/** How long a port is kept that nobody needs, in ms: the next request may follow at once. */
const IDLE_MS = 5_000;

export interface WorkerLineOptions {
  /** Opens a port to the worker, and starts it if need be. Throws where there is no extension any more. */
  readonly connect: () => BrowserPort;
  /** What the browser says of a port that it has just closed. */
  readonly lastError: () => string | undefined;
  readonly clock: Clock;
  readonly waits: Waits;
  /** Receives the events, and learns when the port opens. */
  readonly mirror: Pick<TaskMirror, "connected" | "receive" | "needsEvents">;
  /** The worker cannot be had; it is tried again. */
  readonly failed: (error: ExtensionError) => void;
}

interface Pending {
  readonly request: PageRequest;
  /** On whatever port. */
  sent: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The connection to the worker. A lost connection is not a failure: the browser ends an idle worker. A pending request
 * starts another worker, and is sent again.
 */
export class WorkerLine {
  readonly #options: WorkerLineOptions;
  readonly #pending: Map<number, Pending> = new Map();
  readonly #closing: AbortController = new AbortController();
  #last = 0;
  #port: BrowserPort | undefined;
  #ready = false;
  #watching = false;
  /** How often in a row a worker was not to be had, or ended too soon. */
  #failures = 0;
  #pausing = false;
  #cancelIdle: (() => void) | undefined;
  /** Ends what waits for the present port. */
  #forgetPort: () => void = () => undefined;

  constructor(options: WorkerLineOptions) {
    this.#options = options;
  }

  /** Asks until there is an answer. Rejects with the error the worker answers with, an ExtensionError, or the signal's reason. */
  ask(request: PageRequest, signal?: AbortSignal): Promise<unknown> {
    const closing = this.#closing.signal;
    const nr = ++this.#last;
    const answered = new Promise((resolve, reject) => {
      if (signal?.aborted || closing.aborted) return;
      const pending: Pending = { request, sent: false, resolve, reject };
      this.#pending.set(nr, pending);
      if (this.#ready) this.#send(nr, pending);
      else this.#connect();
    });
    return unlessAborted(answered, signal, closing).finally(() => {
      this.#pending.delete(nr);
      this.#rest();
    });
  }

  /** Whether changes are wanted also while nothing is asked. */
  watch(wanted: boolean): void {
    const begins = wanted && !this.#watching;
    this.#watching = wanted;
    if (begins && this.#ready) this.#connected();
    if (wanted) this.#connect();
    else this.#rest();
  }

  close(reason: unknown): void {
    this.#watching = false;
    this.#closing.abort(reason);
    this.#drop()?.disconnect();
  }

  get #wanted(): boolean {
    return !this.#closing.signal.aborted && (this.#watching || this.#pending.size > 0);
  }

  #connect(): void {
    this.#cancelIdle?.();
    if (this.#port || this.#pausing || !this.#wanted) return;
    const { clock, lastError } = this.#options;
    let port: BrowserPort;
    try {
      port = this.#options.connect();
    } catch (error) {
      return this.#failed(unreachable(error));
    }
    this.#port = port;
    const since = clock.now();
    const cancelWait = clock.after(READY_MS, () => {
      if (this.#drop() !== port) return;
      port.disconnect();
      this.#failed(unreachable(`It did not answer within ${READY_MS} ms`));
    });
    this.#forgetPort = cancelWait;
    port.onMessage.addListener((message) => {
      if (this.#port !== port) return;
      cancelWait();
      this.#take(message);
    });
    port.onDisconnect.addListener(() => {
      const reason = lastError();
      if (this.#port !== port) return;
      const began = this.#ready;
      const rested = began && clock.now() - since >= STEADY_MS;
      this.#drop();
      // The browser ends a worker that rests, and may end it at any time: once is not a failure.
      if (rested) this.#failures = 0;
      else if (began && this.#failures === 0) this.#failures = 1;
      else return this.#failed(unreachable(reason ?? "It ended before it answered"));
      this.#connect();
    });
  }

  #drop(): BrowserPort | undefined {
    const port = this.#port;
    this.#forgetPort();
    this.#cancelIdle?.();
    this.#port = undefined;
    this.#ready = false;
    return port;
  }

  #failed(error: ExtensionError): void {
    this.#failures++;
    this.#options.failed(error);
    if (this.#failures >= ATTEMPTS) this.#rejectAll(error);
    if (!this.#wanted) return;
    this.#pausing = true;
    void this.#options.waits
      .backOff(this.#failures, undefined, this.#closing.signal)
      .catch(() => undefined)
      .then(() => {
        this.#pausing = false;
        this.#connect();
      });
  }

  #rejectAll(error: ExtensionError): void {
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }

  #send(nr: number, pending: Pending): void {
    const { request, sent: again } = pending;
    const message: PageMessage = { type: "request", nr, again, request };
    try {
      this.#port?.postMessage(message);
      pending.sent = true;
    } catch (error) {
      // A port that is gone says so by its event; what no port carries never gets anywhere.
      if (isUncarried(error))
        pending.reject(new ExtensionError("malformed", String(error), { cause: error }));
    }
  }

  #take(message: unknown): void {
    if (!isObject(message)) return;
    const { type, nr } = message;
    const pending = typeof nr === "number" ? this.#pending.get(nr) : undefined;
    switch (type) {
      case "ready":
        this.#ready = true;
        this.#connected();
        for (const [number, waiting] of [...this.#pending]) this.#send(number, waiting);
        return this.#rest();
      case "refused": {
        const error = new ExtensionError("refused", String(message.reason));
        this.#watching = false;
        this.#drop()?.disconnect();
        this.#options.failed(error);
        return this.#rejectAll(error);
      }
      case "reply":
        return pending?.resolve(message.value);
      case "error":
        return pending?.reject(errorFromWire(message.error));
      default:
        this.#options.mirror.receive(type, type === "task" ? message.task : message);
    }
  }

  /** Changes before this moment were missed. */
  #connected(): void {
    const { mirror } = this.#options;
    if (mirror.needsEvents) mirror.connected(false);
  }

  /** A port that nobody needs is closed, so that the worker may rest. */
  #rest(): void {
    this.#cancelIdle?.();
    if (!this.#port || this.#wanted) return;
    this.#cancelIdle = this.#options.clock.after(IDLE_MS, () => {
      if (!this.#wanted) this.#drop()?.disconnect();
    });
  }
}

function unreachable(cause: unknown): ExtensionError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new ExtensionError("unreachable", `The extension's worker cannot be reached: ${detail}`, { cause });
}

/** It cannot be cloned, or is too long. */
function isUncarried(error: unknown): boolean {
  return !/disconnect/i.test(String(error));
}
