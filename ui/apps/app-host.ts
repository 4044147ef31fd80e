import type { JsonObject, ToolResult } from "holdfast";
import { isSmall, LARGEST_MESSAGE, MessageBudget } from "./message-bounds.ts";

/** The version of SEP-1865 that the host speaks. */
const PROTOCOL_VERSION = "2026-01-26";
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const INVALID_REQUEST = -32600;
const REFUSED = -32000;

/** The height of an app's frame, in CSS pixels. */
const LEAST_HEIGHT = 40;
const MOST_HEIGHT = 800;
const LONGEST_ADDRESS = 2_000;
/** As many messages that are too large are refused before the app is closed: each costs the page memory and time. */
const MOST_LARGE = 10;
const TEARDOWN = "teardown";

type RequestId = string | number;

export interface AppHostOptions {
  readonly html: string;
  readonly arguments: JsonObject;
  readonly result: ToolResult;
  readonly theme: "light" | "dark";
  readonly version: string;
  /** Sends a message to the frame. */
  readonly post: (message: JsonObject) => void;
  /** In CSS pixels, within the bounds. */
  readonly onHeight: (height: number) => void;
  /** The app wants to open a page. `answer` may be called once. */
  readonly onLink: (link: { readonly url: string; readonly answer: (opened: boolean) => void }) => void;
  /** The app has to go. Nothing that it sends is read any longer. */
  readonly onClose: (reason: string) => void;
  /** In ms of a clock that never goes back. */
  readonly now: () => number;
}

/**
 * The host's side of an app (SEP-1865, "Communication Protocol"). An app gets the arguments and the result of one call, and
 * may say how high it is and ask to open a page. Every other request is refused.
 */
export class AppHost {
  readonly #options: AppHostOptions;
  readonly #budget: MessageBudget;
  #state: "loading" | "handed over" | "initialized" | "closed" = "loading";
  #large = 0;
  #isAsking = false;
  #tornDown: (() => void) | undefined;

  constructor(options: AppHostOptions) {
    this.#options = options;
    this.#budget = new MessageBudget(options.now());
  }

  /** @param read Returns the message. Reading costs memory and time, so an app without budget is not read. */
  receive(read: () => unknown): void {
    if (this.#state === "closed") return;
    if (!this.#budget.spend(this.#options.now()))
      return this.#close("The app sent too many messages, so it was closed.");
    const message = read();
    if (typeof message !== "object" || message === null) return;
    const { jsonrpc, id, method, params } = message as { readonly [field: string]: unknown };
    if (jsonrpc !== "2.0") return;
    const request = isRequestId(id) ? id : undefined;
    if (!isSmall(message)) {
      if (++this.#large > MOST_LARGE) return this.#close("The app sent too much, so it was closed.");
      if (request !== undefined)
        this.#fail(request, INVALID_REQUEST, `A message has at most ${LARGEST_MESSAGE} characters of JSON.`);
      return;
    }
    if (typeof method !== "string") {
      if (id === TEARDOWN) this.#tornDown?.();
      return;
    }
    const fields = Object(params) as { readonly [field: string]: unknown };
    if (request === undefined) this.#notified(method, fields);
    else this.#requested(request, method, fields);
  }

  /** Asks the app to end. Resolves when the app has answered; the caller decides how long that may take. */
  teardown(reason: string): Promise<void> {
    if (this.#state !== "initialized") return Promise.resolve();
    return new Promise((resolve) => {
      this.#tornDown = resolve;
      this.#options.post({
        jsonrpc: "2.0",
        id: TEARDOWN,
        method: "ui/resource-teardown",
        params: { reason },
      });
    });
  }

  /** Nothing is read or sent from now on. */
  end(): void {
    this.#state = "closed";
  }

  #notified(method: string, params: { readonly [field: string]: unknown }): void {
    switch (method) {
      case "ui/notifications/sandbox-proxy-ready":
        if (this.#state !== "loading") return this.#close("The app left its page, so it was closed.");
        this.#state = "handed over";
        return this.#notify("ui/notifications/sandbox-resource-ready", { html: this.#options.html });
      case "ui/notifications/initialized":
        if (this.#state !== "handed over") return;
        this.#state = "initialized";
        this.#notify("ui/notifications/tool-input", { arguments: this.#options.arguments });
        return this.#notify("ui/notifications/tool-result", this.#options.result);
      case "ui/notifications/size-changed": {
        const { height } = params;
        if (typeof height !== "number" || !Number.isFinite(height)) return;
        return this.#options.onHeight(Math.min(Math.max(Math.ceil(height), LEAST_HEIGHT), MOST_HEIGHT));
      }
    }
  }

  #requested(id: RequestId, method: string, params: { readonly [field: string]: unknown }): void {
    switch (method) {
      case "ui/initialize":
        return this.#answer(id, {
          protocolVersion: PROTOCOL_VERSION,
          hostInfo: { name: "holdfast-console", version: this.#options.version },
          hostCapabilities: { openLinks: {} },
          hostContext: {
            theme: this.#options.theme,
            displayMode: "inline",
            availableDisplayModes: ["inline"],
            containerDimensions: { maxHeight: MOST_HEIGHT },
            platform: "web",
          },
        });
      case "ping":
        return this.#answer(id, {});
      // "Host MUST return the resulting mode": there is one.
      case "ui/request-display-mode":
        return this.#answer(id, { mode: "inline" });
      case "ui/open-link":
        return this.#openLink(id, params.url);
      default:
        return this.#fail(id, METHOD_NOT_FOUND, `The console does not let apps use ${method.slice(0, 100)}.`);
    }
  }

  #openLink(id: RequestId, url: unknown): void {
    const address = linkOf(url);
    if (address === undefined)
      return this.#fail(id, INVALID_PARAMS, "The console opens addresses that begin with https:// only.");
    if (this.#isAsking) return this.#fail(id, REFUSED, "The person is being asked about another address.");
    this.#isAsking = true;
    this.#options.onLink({
      url: address,
      answer: (opened) => {
        this.#isAsking = false;
        if (this.#state === "closed") return;
        if (opened) this.#answer(id, {});
        else this.#fail(id, REFUSED, "The person did not open the address.");
      },
    });
  }

  #close(reason: string): void {
    this.end();
    this.#options.onClose(reason);
  }

  #notify(method: string, params: JsonObject): void {
    this.#options.post({ jsonrpc: "2.0", method, params });
  }

  #answer(id: RequestId, result: JsonObject): void {
    this.#options.post({ jsonrpc: "2.0", id, result });
  }

  #fail(id: RequestId, code: number, message: string): void {
    this.#options.post({ jsonrpc: "2.0", id, error: { code, message } });
  }
}

function isRequestId(id: unknown): id is RequestId {
  return (typeof id === "string" && id.length <= 200) || typeof id === "number";
}

/** Returns an address on the web that is reached by HTTPS and hides no name before its host. */
function linkOf(url: unknown): string | undefined {
  if (typeof url !== "string" || url.length > LONGEST_ADDRESS || !URL.canParse(url)) return undefined;
  const { protocol, username, password, href } = new URL(url);
  return protocol === "https:" && username === "" && password === "" ? href : undefined;
}
