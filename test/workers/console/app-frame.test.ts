import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";

const get = (path: string): Promise<Response> => exports.default.fetch(`https://holdfast.test${path}`);

it("serves the page that MCP Apps run in with a policy that lets nothing in or out", async () => {
  const page = await get("/app-frame");
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);
  const policy = page.headers.get("content-security-policy")?.split("; ") ?? [];
  for (const directive of [
    "sandbox allow-scripts",
    "default-src 'none'",
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ])
    expect(policy).toContain(directive);
  // Neither this origin nor another is a source of anything.
  expect(policy.filter((directive) => /-src.*('self'|https?:|\*)/.test(directive))).toEqual([]);
});
