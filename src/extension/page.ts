/**
 * The tasks of an extension's background, for its popup, side panel and options, and for content scripts and web
 * pages that it allows. No engine, no SDK.
 * @module
 */
export type { ExtensionBrowser } from "./browser.ts";
export { ExtensionError, type ExtensionFailure } from "./extension-error.ts";
export {
  type ConnectionProblem,
  type ExtensionCallOptions,
  ExtensionTaskClient,
  type ExtensionTaskClientOptions,
} from "./extension-task-client.ts";
export { dropHost, hasHost, requestHost } from "./host-permission.ts";
