/**
 * Tests for what apps write themselves: MCP servers in memory that do what a test says, a page that a test can reload, and the
 * contract of a store. None of it needs a test framework, an SDK or a network, and no time passes but by the test's clock.
 * @module
 */
export type { StoreCase } from "./contract-case.ts";
export { leaseContract } from "./lease-contract.ts";
export {
  type ScriptedFailure,
  type ScriptedGeneration,
  type ScriptedRequest,
  type ScriptedServer,
  type ScriptedServerOptions,
  type ScriptedTool,
  scriptedServer,
} from "./scripted-server.ts";
export type { Measured, ScriptedTask } from "./scripted-task.ts";
export { storeContract } from "./store-contract.ts";
export { type TestClock, testClock } from "./test-clock.ts";
export {
  type PageClient,
  type TestPage,
  type TestPageOptions,
  type TestPageParts,
  testPage,
} from "./test-page.ts";
