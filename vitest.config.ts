import { defineConfig } from "vitest/config";

/** A second, as by default, is what a browser or a process may take on a busy machine to show what is there. */
const POLL = { timeout: 20_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          expect: { poll: POLL },
          include: [
            "test/{unit,model,agent,api,bench,sdk,stores,conformance,bundle,simulation}/**/*.test.{ts,tsx}",
          ],
          setupFiles: ["test/fixtures/shipped-protocols.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "browser",
          expect: { poll: POLL },
          include: ["test/{browser,examples,site}/**/*.test.ts"],
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
          expect: { poll: POLL },
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
          expect: { poll: POLL },
          include: ["test/firefox/**/*.test.ts"],
          globalSetup: "test/extension/servers.ts",
          testTimeout: 180_000,
          hookTimeout: 90_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // Run by `npm run test:everywhere`: in every browser and runtime that is installed.
          name: "everywhere",
          expect: { poll: POLL },
          include: ["test/everywhere/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "edge",
          expect: { poll: POLL },
          include: ["test/edge/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // The command as it is built, in processes of its own.
          name: "proxy",
          expect: { poll: POLL },
          include: ["test/proxy/**/*.test.ts"],
          globalSetup: "test/proxy/build.ts",
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // `holdfast serve` of the packed package, in processes of its own.
          name: "serve",
          expect: { poll: POLL },
          include: ["test/serve/**/*.test.ts"],
          globalSetup: "test/serve/packed.ts",
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // Run by `npm run test:proxy-installed` alone: it installs packages from the registry, 111 MB of them.
          name: "proxy-installed",
          include: ["test/proxy-installed/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          // Run by `npm run test:packed` alone: it installs packages from the registry into fresh apps.
          name: "packed",
          expect: { poll: POLL },
          include: ["test/packed/**/*.test.ts"],
          globalSetup: "test/browser/servers.ts",
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // Run by `npm run test:workflows-installed` alone: it installs packages from the registry, 380 MB of them.
          name: "workflows-installed",
          include: ["test/workflows-installed/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // Run by `npm run test:pairs-public` alone: it installs two MCP servers from the registry, 212 packages.
          name: "pairs-public",
          expect: { poll: POLL },
          include: ["test/pairs-public/**/*.test.ts"],
          globalSetup: "test/proxy/build.ts",
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          // Run by `npm run test:newcomer` alone: it installs packages from the registry.
          name: "newcomer",
          expect: { poll: POLL },
          include: ["test/newcomer/**/*.test.ts"],
          globalSetup: "test/browser/servers.ts",
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      "./vitest.workers.config.ts",
    ],
  },
});
