import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const [, list = ""] = /run_worker_first = \[([^\]]*)\]/.exec(readFileSync("wrangler.toml", "utf8")) ?? [];
const patterns = [...list.matchAll(/"([^"]+)"/g)].map(([, pattern = ""]) => pattern);

function goesToWorker(path: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
  );
}

describe("wrangler.toml", () => {
  it.each([
    "/v1/tasks",
    "/docs",
    "/mcp",
    "/mcp/papers",
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-authorization-server",
    "/authorize",
    "/oauth/token",
    "/oauth/callback",
    "/connect/papers",
    "/connected",
  ])("sends %s to the worker, not to the files of the console", (path) => {
    expect(goesToWorker(path)).toBe(true);
  });

  it("leaves the console's own pages to its files", () => {
    for (const path of ["/", "/index.html", "/assets/index.js"]) expect(goesToWorker(path)).toBe(false);
  });
});
