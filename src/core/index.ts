/**
 * Holdfast in parts, for those who count bytes: an app ships the parts that it names. A client without parts starts plain
 * calls and tasks of no protocol, and its methods throw a {@link MissingPartError} for what no part does.
 *
 * ```ts
 * const tasks = createTaskClient({ store, endpoints, parts: [tasks2026, questions] });
 * ```
 * @module
 */
export { withIdempotencyKeys } from "../channel/idempotency-keys.ts";

// Before the client: bundlers keep this order, and with the protocols first there is 1 % less to gzip.
export {
  explanations,
  type Part,
  push,
  questions,
  recovery,
  tabs,
  tasks2025,
  tasks2026,
} from "../client/parts.ts";

import { HostedClient } from "../client/hosted-client.ts";
import type { HostedClientOptions } from "../client/options.ts";
import type { Part } from "../client/parts.ts";
import type { TaskClient } from "../client/task-client.ts";
import { plainHost } from "../hosts/plain-host.ts";

export type { HostedClientOptions } from "../client/options.ts";
export type { TaskClient } from "../client/task-client.ts";
export { RequestFailedError } from "../engine/request-failed.ts";
export {
  ClientClosedError,
  InputError,
  TaskCancelledError,
  TaskError,
  TaskExpiredError,
  TaskFailedError,
  TaskLostError,
  UnknownEndpointError,
} from "../errors.ts";
export { MissingPartError } from "../protocol/missing-part.ts";
export type { Parts } from "../runtime/parts.ts";
export type { Task } from "../task.ts";
export type { TaskView } from "../task-view.ts";

/** What {@link createTaskClient} takes. */
export interface CoreOptions extends HostedClientOptions {
  /** What the client can do. At least one protocol: `tasks2025`, `tasks2026` or both. A host is a part, too. */
  readonly parts: readonly Part[];
}

/**
 * Makes a client of parts. Of two parts with the same field, the later one counts; protocols add up. Throws a TypeError if
 * `store` is not a TaskStore.
 * @example
 * const tasks = createTaskClient({ store, endpoints, parts: [tasks2026, questions] });
 */
export function createTaskClient({ parts, ...options }: CoreOptions): TaskClient {
  const protocols = Object.assign({}, ...parts.map((part) => part.protocols));
  return new HostedClient(options, Object.assign(plainHost(), ...parts, { protocols }));
}
