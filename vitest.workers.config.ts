import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// wrangler.toml names this folder, and must find it even where the console has not been built.
mkdirSync("web/dist", { recursive: true });

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        d1Databases: ["TASKS_DB"],
        bindings: {
          DEMO: "true",
          WEBHOOK_SECRET: "whsec_aG9sZGZhc3Q=",
          METRICS_TOKEN: "metrics-token",
          OAUTH: "{}",
          CORS_ORIGINS: JSON.stringify(["https://app.example"]),
          TOKENS: JSON.stringify([{ principal: "alice", sha256: sha256("alice-token") }]),
        },
      },
    }),
  ],
  test: {
    name: "workers",
    include: ["test/workers/**/*.test.ts"],
    // The first test of a file loads the worker, and this chain gives way to the others (test/suite.ts).
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 20_000 } },
    deps: {
      optimizer: {
        // Bundled beforehand, they load in a fraction of a second; one module at a time it takes seconds.
        ssr: {
          enabled: true,
          include: [
            "@modelcontextprotocol/sdk/client/index.js",
            "@modelcontextprotocol/sdk/client/streamableHttp.js",
            "@modelcontextprotocol/sdk/server/mcp.js",
            "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js",
            "@modelcontextprotocol/sdk/types.js",
            "@modelcontextprotocol/sdk/validation/cfworker-provider.js",
            "@modelcontextprotocol/server",
            "hono",
            "hono/cors",
            "hono/body-limit",
            "hono/etag",
            "hono/html",
            "hono/utils/ipaddr",
            "@hono/zod-openapi",
            "@cloudflare/workers-oauth-provider",
            "@modelcontextprotocol/client",
            "@simplewebauthn/server",
            "jose",
            "oauth4webapi",
            "zod",
          ],
        },
      },
    },
  },
});
