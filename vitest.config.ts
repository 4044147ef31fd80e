import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["test/{unit,agent,bench,sdk,conformance,bundle,simulation}/**/*.test.{ts,tsx}"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/{browser,examples}/**/*.test.ts"],
          globalSetup: "test/browser/servers.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Two cores: browsers started side by side would measure each other.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "extension",
          include: ["test/extension/**/*.test.ts"],
          globalSetup: "test/extension/servers.ts",
          testTimeout: 90_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // Run by `npm run test:firefox` alone: the gate's machines have no Firefox.
          name: "firefox",
          include: ["test/firefox/**/*.test.ts"],
          globalSetup: "test/extension/servers.ts",
          testTimeout: 180_000,
          hookTimeout: 90_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "edge",
          include: ["test/edge/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      "./vitest.workers.config.ts",
    ],
  },
});
