/** An event of the `chrome.*` and `browser.*` interfaces. */
export interface BrowserEvent<L extends (...args: never[]) => unknown> {
  addListener(listener: L): void;
  removeListener(listener: L): void;
}

/** Who opened a port, as far as the browser says. */
export interface MessageSender {
  /** The extension's id. Absent for a web page. A content script has its extension's. */
  readonly id?: string | undefined;
  /** Of the document that speaks: for a content script that of the page it is in. */
  readonly url?: string | undefined;
  readonly origin?: string | undefined;
  /** Where the document is in a tab. */
  readonly tab?: { readonly id?: number | undefined; readonly url?: string | undefined } | undefined;
  readonly frameId?: number | undefined;
}

export interface BrowserPort {
  readonly name: string;
  readonly sender?: MessageSender | undefined;
  readonly onMessage: BrowserEvent<(message: unknown, port: never) => void>;
  readonly onDisconnect: BrowserEvent<(port: never) => void>;
  /** Throws when the port is disconnected. */
  postMessage(message: unknown): void;
  disconnect(): void;
}

export interface BrowserAlarms {
  readonly onAlarm: BrowserEvent<
    (alarm: { readonly name: string; readonly scheduledTime: number }) => unknown
  >;
  create(
    name: string,
    info: { readonly when: number; readonly periodInMinutes: number },
  ): Promise<void> | void;
  get(name: string): Promise<{ readonly scheduledTime: number } | undefined>;
  clear(name: string): Promise<boolean>;
}

export interface BrowserPermissions {
  contains(wanted: { readonly origins: string[] }): Promise<boolean>;
  request(wanted: { readonly origins: string[] }): Promise<boolean>;
  remove(given: { readonly origins: string[] }): Promise<boolean>;
  readonly onAdded?: BrowserEvent<() => unknown>;
}

/**
 * The part of `chrome` (or `browser`) that is used here; both give promises under Manifest V3. A content
 * script has of it only how to connect, a web page not even the events.
 */
export interface ExtensionBrowser {
  readonly runtime: {
    /** This extension's. A web page has none. */
    readonly id?: string | undefined;
    readonly lastError?: { readonly message?: string | undefined } | null | undefined;
    /** The address of a file of the extension. */
    getURL?(path: string): string;
    connect(info: { readonly name: string }): BrowserPort;
    connect(extensionId: string, info: { readonly name: string }): BrowserPort;
    readonly onConnect?: BrowserEvent<(port: BrowserPort) => void>;
    readonly onConnectExternal?: BrowserEvent<(port: BrowserPort) => void>;
    readonly onStartup?: BrowserEvent<() => unknown>;
    readonly onInstalled?: BrowserEvent<() => unknown>;
  };
  readonly alarms?: BrowserAlarms;
  readonly permissions?: BrowserPermissions;
}

/** This browser's. Throws an Error without one: outside extensions and the pages they speak with. */
export function globalBrowser(): ExtensionBrowser {
  const scope = globalThis as { readonly browser?: unknown; readonly chrome?: unknown };
  for (const candidate of [scope.browser, scope.chrome]) {
    const found = candidate as Partial<ExtensionBrowser> | undefined;
    if (typeof found?.runtime?.connect === "function") return found as ExtensionBrowser;
  }
  throw new Error("Neither `browser` nor `chrome` has a `runtime` to connect to here");
}
