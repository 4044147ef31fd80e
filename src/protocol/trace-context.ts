import { isObject } from "./json.ts";

/** The W3C trace context that a request carries in its `_meta` (2026-07-28, "OpenTelemetry trace context"; SEP-414). */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** Version 00, or a later one, which may have more at its end (Trace Context, "Versioning of traceparent"). */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\w-]{0,200})?$/;
/** The longest `tracestate` that is kept, in characters (Trace Context, "Limits"). */
const MAX_STATE = 512;

/** Reads the trace context of a `_meta`. Ignores a malformed one (Trace Context, "Processing Model"). */
export function readTraceContext(meta: unknown): TraceContext | undefined {
  if (!isObject(meta)) return undefined;
  const { traceparent, tracestate } = meta;
  if (typeof traceparent !== "string" || !TRACEPARENT.test(traceparent)) return undefined;
  const kept = typeof tracestate === "string" && tracestate.length <= MAX_STATE;
  return { traceparent, ...(kept && { tracestate }) };
}
