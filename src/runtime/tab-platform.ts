/** The part of `LockManager` (Web Locks) that tabs are coordinated with. */
export interface Locks {
  request<T>(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly steal?: boolean; readonly signal?: AbortSignal },
    callback: (lock: unknown) => Promise<T>,
  ): Promise<T>;
}

/** The part of `BroadcastChannel` that tabs speak over. */
export interface Channel {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
}

/** What a tab needs of its browser to know of the other tabs. */
export interface TabPlatform {
  readonly locks: Locks;
  openChannel(name: string): Channel;
  visible(): boolean;
  /** Calls back when the tab becomes visible. The function returned ends it. */
  onVisible(callback: () => void): () => void;
}

interface PageLike {
  readonly visibilityState: string;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** This browser, or `undefined` where there are no Web Locks: then a process counts as alone. */
export function browserTabs(): TabPlatform | undefined {
  const locks = (globalThis.navigator as { locks?: unknown } | undefined)?.locks;
  if (!locks || typeof BroadcastChannel === "undefined") return undefined;
  // A worker has no document; it is never throttled, and counts as visible.
  const page = (globalThis as { document?: PageLike }).document;
  return {
    locks: locks as Locks,
    openChannel: (name) => new BroadcastChannel(name) as unknown as Channel,
    visible: () => page?.visibilityState !== "hidden",
    onVisible(callback) {
      const changed = (): void => {
        if (page?.visibilityState !== "hidden") callback();
      };
      page?.addEventListener("visibilitychange", changed);
      return () => page?.removeEventListener("visibilitychange", changed);
    },
  };
}
