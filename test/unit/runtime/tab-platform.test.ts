import { afterEach, describe, expect, it, vi } from "vitest";
import { browserTabs, type TabPlatform } from "../../../src/runtime/tab-platform.ts";

afterEach(() => vi.unstubAllGlobals());

function tabsWith(request: (...args: never[]) => Promise<unknown>): TabPlatform {
  vi.stubGlobal("navigator", { locks: { request } });
  const tabs = browserTabs();
  if (!tabs) throw new Error("This platform has no tabs");
  return tabs;
}

describe("browserTabs() where the browser denies storage, as to a sandboxed frame", () => {
  it("grants a lock that is denied: no other tab can have the same tasks", async () => {
    const { locks } = tabsWith(() => Promise.reject(new DOMException("denied", "SecurityError")));
    expect(await locks.request("name", {}, async (lock) => (lock ? "granted" : "refused"))).toBe("granted");
  });

  it("has a channel that reaches nobody where a BroadcastChannel is denied", () => {
    const tabs = tabsWith(() => Promise.resolve());
    vi.stubGlobal(
      "BroadcastChannel",
      class {
        constructor() {
          throw new DOMException("denied", "SecurityError");
        }
      },
    );
    const channel = tabs.openChannel("name");
    expect(() => channel.postMessage("anything")).not.toThrow();
    expect(() => channel.close()).not.toThrow();
  });
});

describe("browserTabs() where locks are allowed", () => {
  it("does not run work again that itself fails with a SecurityError", async () => {
    const { locks } = tabsWith(
      (_name: never, _options: never, callback: (lock: unknown) => Promise<unknown>) => callback({}),
    );
    const work = vi.fn(() => Promise.reject(new DOMException("its own", "SecurityError")));
    await expect(locks.request("name", {}, work)).rejects.toThrow("its own");
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("rejects when the lock is stolen or the wait is aborted", async () => {
    const { locks } = tabsWith(() => Promise.reject(new DOMException("stolen", "AbortError")));
    await expect(locks.request("name", {}, async () => "granted")).rejects.toThrow("stolen");
  });
});
