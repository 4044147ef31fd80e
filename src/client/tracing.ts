import type { Connector } from "../channel/connection.ts";
import type { TaskRecord } from "../engine/record.ts";
import type { TraceContext } from "../protocol/trace-context.ts";

/** Makes spans of what a client does: `openTelemetry()` of `holdfast/otel`, or one of your own. */
export interface Tracing {
  /** A call is about to be stored: returns the trace context that is stored with it. Called in the turn of the caller. */
  started(endpoint: string, tool: string): TraceContext | undefined;
  /**
   * Returns a connector that makes a span of each request. A request about a task has the trace context of its call in the
   * `_meta` of its frame.
   */
  traced(endpoint: string, connector: Connector): Connector;
  /** A task has ended, and this process wrote its outcome. */
  settled(record: TaskRecord): void;
}
