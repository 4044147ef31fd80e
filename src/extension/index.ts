/**
 * Tasks in a browser extension's background (Manifest V3): a worker that is killed whenever it rests.
 *
 * ```ts
 * import { ExtensionTasks } from "holdfast/extension";
 * import { fromUrl } from "holdfast/sdk-v2";
 *
 * const tasks = new ExtensionTasks({ endpoints: async () => ({ papers: fromUrl("https://papers.example/mcp") }) });
 * tasks.subscribe((task) => { if (task.outcome) announce(task); });
 * ```
 *
 * Pages of the extension have the same surface by `holdfast/extension/page`.
 * @module
 */
export type {
  BrowserAlarms,
  BrowserEvent,
  BrowserPermissions,
  BrowserPort,
  ExtensionBrowser,
  MessageSender,
} from "./browser.ts";
export { type ExtensionProblem, ExtensionTasks, type ExtensionTasksOptions } from "./extension-tasks.ts";
