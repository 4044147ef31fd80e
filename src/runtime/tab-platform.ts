import { databaseLocks } from "./database-locks.ts";

/** The part of the Web Locks options that tabs use. */
export interface LockOptions {
  readonly ifAvailable?: boolean;
  readonly steal?: boolean;
  readonly signal?: AbortSignal;
}

/** The part of `LockManager` (Web Locks) that tabs are coordinated with. */
export interface Locks {
  request<T>(name: string, options: LockOptions, callback: (lock: unknown) => Promise<T>): Promise<T>;
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
  /** How long a leader may take to act, in ms (600). */
  readonly answerMs?: number;
  visible(): boolean;
  /** Calls back when the tab becomes visible. The function returned ends it. */
  onVisible(callback: () => void): () => void;
}

interface PageLike {
  readonly visibilityState: string;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** This browser's tabs, or `undefined` where a process can have no others: then it counts as alone. */
export function browserTabs(): TabPlatform | undefined {
  const { navigator, indexedDB } = globalThis as { navigator?: { locks?: Locks }; indexedDB?: unknown };
  // A page on plain `http:` has no Web Locks.
  const locks = navigator?.locks ?? (indexedDB ? databaseLocks : undefined);
  if (!locks || typeof BroadcastChannel === "undefined") return undefined;
  // A worker has no document; it is never throttled, and counts as visible.
  const page = (globalThis as { document?: PageLike }).document;
  return {
    locks: { request: (name, options, callback) => requestOrGrant(locks, name, options, callback) },
    openChannel,
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

/**
 * Where a browser denies storage (a sandboxed frame, blocked cookies), it denies locks as well. No other tab can have
 * the same tasks there, so the lock is granted.
 */
async function requestOrGrant<T>(
  locks: Locks,
  name: string,
  options: LockOptions,
  callback: (lock: unknown) => Promise<T>,
): Promise<T> {
  let asked = false;
  const granted = (lock: unknown): Promise<T> => {
    asked = true;
    return callback(lock);
  };
  try {
    return await locks.request(name, options, granted);
  } catch (error) {
    if (asked || (error as Error).name !== "SecurityError") throw error;
    return callback(true);
  }
}

/** The same for the channel: a browser that denies it denies storage too, and there is nobody to speak to. */
function openChannel(name: string): Channel {
  try {
    return new BroadcastChannel(name) as unknown as Channel;
  } catch {
    return { postMessage: () => undefined, onmessage: null, close: () => undefined };
  }
}
