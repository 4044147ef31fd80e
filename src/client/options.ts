import type { Connector } from "../channel/connection.ts";
import type { Timing } from "../engine/schedule.ts";
import type { Problem } from "../runtime/problem.ts";
import type { Retention } from "../runtime/retention.ts";
import type { TaskStore } from "../store/task-store.ts";
import type { Tracing } from "./tracing.ts";

/** What a client is made of, whatever its host. */
export interface HostedClientOptions {
  /** Where tasks live: `indexedDbStore()`, `memoryStore()`, or your own. */
  readonly store: TaskStore;
  /** The servers, by names of your choice. A record keeps the name: give the same one after a reload. */
  readonly endpoints: Readonly<Record<string, Connector>>;
  /** How long a single request may take, in ms (60 s), of whatever kind. Tasks have no such limit. */
  readonly requestTimeoutMs?: number;
  /** The longest result taken, by the length of its JSON text: 32 Mi characters. A longer one is outcome `failed`. */
  readonly maxResultLength?: number;
  /** `false`: no connection is held between polls, so servers push no changes. Polls go on in any case; with push they are rarer. */
  readonly push?: boolean;
  readonly timing?: Partial<Omit<Timing, "ticks" | "persistPace">>;
  /** How long settled tasks stay in the store: 7 days, and the latest 1,000. */
  readonly retention?: Partial<Retention>;
  /** Follows the requests and ends of tasks: `openTelemetry()` of `holdfast/otel`. */
  readonly tracing?: Tracing;
  /** Called with problems that are not the outcome of a task. By default, one `console.warn` for each kind and subject. */
  readonly onProblem?: (problem: Problem) => void;
}

/** How a client closes. */
export interface CloseOptions {
  /**
   * Ends the 2025-11-25 sessions at their servers, by `DELETE`, within 5 s. A server may end the tasks of a session with
   * it; other tabs and later pages agree on a new session. For a sign-out, not for the end of a page.
   */
  readonly endSessions?: boolean;
}

/** What bounds a request of the app's own. */
export interface EndpointRequestOptions {
  /** How long each reply may take, in ms: `requestTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Aborts the request, also while the endpoint connects. The promise rejects once the server was notified, after 1 s at most. */
  readonly signal?: AbortSignal;
}
