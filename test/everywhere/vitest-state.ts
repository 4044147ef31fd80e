/**
 * What vitest's own code expects of the process that it runs in, for places where no vitest started it. It must be
 * imported before vitest.
 */
const state: Record<string, unknown> = {
  config: {
    root: "/",
    setupFiles: [],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { hooks: "stack", setupFiles: "list" },
    maxConcurrency: 5,
    tags: [],
    expect: { poll: { timeout: 20_000 } },
    snapshotOptions: {},
    chaiConfig: {},
  },
  environment: { name: "browser" },
  providedContext: {},
  durations: { environment: 0, prepare: 0 },
  ctx: { files: [] },
  rpc: new Proxy({}, { get: () => async () => undefined }),
  filepath: "",
  onCancel: () => undefined,
  onCleanup: () => undefined,
  resolvingModules: new Set(),
  evaluatedModules: new Map(),
};
(globalThis as { __vitest_worker__?: unknown }).__vitest_worker__ = state;
export const config: unknown = state.config;
