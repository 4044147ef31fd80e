import { beforeEach, describe, expect, it } from "vitest";
import type { BrowserPermissions, ExtensionBrowser } from "../../../src/extension/browser.ts";
import { dropHost, hasHost, requestHost } from "../../../src/extension/page.ts";

let granted: Set<string>;
let asked: string[][];
let browser: ExtensionBrowser;

beforeEach(() => {
  granted = new Set();
  asked = [];
  const permissions: BrowserPermissions = {
    async request({ origins }) {
      asked.push(origins);
      for (const origin of origins) granted.add(origin);
      return true;
    },
    contains: async ({ origins }) => origins.every((origin) => granted.has(origin)),
    remove: async ({ origins }) => origins.every((origin) => granted.delete(origin)),
  };
  browser = { runtime: { connect: () => undefined as never }, permissions };
});

describe("the permission for a server", () => {
  it("is asked for, had, and given back, for that server alone", async () => {
    const url = "https://papers.example:8443/mcp?x=1";
    expect(await hasHost(url, browser)).toBe(false);
    expect(await requestHost(url, browser)).toBe(true);
    expect(asked).toEqual([["https://papers.example/*"]]);
    expect(await hasHost(new URL(url), browser)).toBe(true);
    expect(await hasHost("http://papers.example/", browser)).toBe(false);
    expect(await dropHost(url, browser)).toBe(true);
    expect(await hasHost(url, browser)).toBe(false);
  });

  it("is asked for in the very turn of the user's gesture", () => {
    void requestHost("http://[::1]:8787/mcp", browser);
    expect(asked).toEqual([["http://[::1]/*"]]);
  });

  it.each(["file:///etc/passwd", "javascript:alert(1)", "chrome://settings", "no address"])(
    "is not asked for %s",
    async (url) => {
      await expect(requestHost(url, browser)).rejects.toBeInstanceOf(TypeError);
      expect(asked).toEqual([]);
    },
  );

  it("where there are no permissions, says so", async () => {
    const { runtime } = browser;
    await expect(hasHost("https://papers.example", { runtime })).rejects.toThrow("`permissions`");
  });
});
