/**
 * The tasks of a client as tools of an agent loop: every call is answered within a budget, with the
 * result or with a running result that the model can act on.
 * @module
 */
export type { AgentTool, ExecuteOptions } from "./agent-tool.ts";
export { agentTools } from "./agent-tools.ts";
export { callByName } from "./call-by-name.ts";
export { companionTools } from "./companion-tools.ts";
export { type FailedTask, type FailureContext, failureResult } from "./failure-result.ts";
export type { RetryAdvice, WorkDone } from "./failure-verdict.ts";
export {
  type AddressedConversation,
  type AgentOptions,
  DEFAULT_BUDGET_MS,
  type HeldTask,
} from "./options.ts";
export type { AskedInput } from "./question-text.ts";
export {
  type RunningOptions,
  type RunningTask,
  runningResult,
  runningTask,
} from "./running-result.ts";
export type { TaskInList } from "./task-list.ts";
export { type EndpointPrefix, type ToolOrigin, toolNames } from "./tool-names.ts";
export { type WaitOptions, waitWithin } from "./wait-within.ts";
