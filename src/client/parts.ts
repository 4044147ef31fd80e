import { explainedHere } from "../channel/network-cause.ts";
import type { Host } from "../hosts/host.ts";
import { revision2025 } from "../protocol/revision-2025-11-25.ts";
import { revision2026 } from "../protocol/revision-2026-07-28.ts";
import { ASKING } from "../runtime/asking.ts";
import { RECOVERING } from "../runtime/lost-calls.ts";
import type { Parts } from "../runtime/parts.ts";
import { pushing } from "../runtime/push.ts";
import { tabs as tabsOf } from "../runtime/tab-group.ts";
import { browserTabs } from "../runtime/tab-platform.ts";

/** A part of a client: something that it can do, or fields of a host. */
export type Part = Partial<Host>;

/** Tasks of 2025-11-25, and plain calls of the protocol versions before it. */
export const tasks2025: Parts = { protocols: { "2025-11-25": revision2025 } };

/** Tasks of 2026-07-28. */
export const tasks2026: Parts = { protocols: { "2026-07-28": revision2026 } };

/** Shows the questions of servers to the app, checks its answers, and sends them. */
export const questions: Parts = { questions: ASKING };

/** Finds a call again whose reply never came, among the tasks that its server lists (2025-11-25). Without it such a call is `lost`. */
export const recovery: Parts = { recovery: RECOVERING };

/** Adds the likely cause to the message of a failed request, such as a wrong path or CORS. */
export const explanations: Parts = { explain: explainedHere };

/** Has servers push changes, so that polls are rarer. It holds a connection between polls. */
export const push: Part = { push: pushing };

/**
 * One tab polls for all tabs that share a store. Where a browser has no Web Locks and no IndexedDB, each tab counts as alone.
 * @example
 * const tasks = createTaskClient({ store, endpoints, parts: [tasks2026, tabs()] });
 */
export function tabs(): Part {
  const platform = browserTabs();
  return platform ? { ownership: tabsOf(platform) } : {};
}
