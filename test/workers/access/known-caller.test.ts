import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { knownOrigin, ownHost } from "../../../worker/access/known-caller.ts";
import type { Bindings } from "../../../worker/bindings.ts";

const CORS = { CORS_ORIGINS: ["https://app.example"] };

function status(env: object, url: string, headers: HeadersInit = {}, sameOrigin = true): Promise<number> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.use("*", ownHost, knownOrigin(sameOrigin));
  app.all("*", (c) => c.text("in"));
  return Promise.resolve(app.request(url, { headers }, env)).then((response) => response.status);
}

describe("a page's origin", () => {
  it.each([
    ["of CORS_ORIGINS", "https://app.example", 200],
    ["of the worker itself", "https://tasks.example", 200],
    ["of the same name and another port", "https://tasks.example:8443", 403],
    ["of anybody else", "https://evil.example", 403],
    ["of a sandboxed frame", "null", 403],
  ])("%s is answered %i", async (_, origin, expected) => {
    expect(await status(CORS, "https://tasks.example/v1/tasks", { origin })).toBe(expected);
  });

  it("may be the worker's own only where that is meant", async () => {
    const origin = "https://tasks.example";
    expect(await status(CORS, "https://tasks.example/mcp/papers", { origin }, false)).toBe(403);
  });

  it("is not checked where a request has none", async () => {
    expect(await status(CORS, "https://tasks.example/v1/tasks")).toBe(200);
  });
});

describe("the demo", () => {
  const DEMO = { DEMO: "true" };

  it.each([
    "http://127.0.0.1:8787/",
    "http://localhost:8787/",
    "http://[::1]:8787/",
    "https://demo.example/",
  ])("is there at %s", async (url) => {
    expect(await status(DEMO, url)).toBe(200);
  });

  it.each(["http://evil.example:8787/", "http://127.0.0.1.evil.example/", "http://localhost.evil.example/"])(
    "is not there at %s, which may be a page's name for this machine",
    async (url) => {
      expect(await status(DEMO, url)).toBe(403);
      expect(await status({}, url), "without DEMO the token is a secret").toBe(200);
    },
  );
});
