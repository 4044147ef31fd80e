/**
 * Traces and metrics of tasks by OpenTelemetry (`npm install @opentelemetry/api`).
 * @module
 */
import {
  type Attributes,
  type Context,
  context,
  createTraceState,
  isSpanContextValid,
  type MeterProvider,
  metrics,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import type { Tracing } from "../client/tracing.ts";
import type { TaskRecord } from "../engine/record.ts";
import { failureFrom } from "../engine/request-failed.ts";
import type { RequestFailure } from "../engine/request-failure.ts";
import { withMeta } from "../protocol/frame-meta.ts";
import { isObject } from "../protocol/json.ts";
import type { Session } from "../protocol/session.ts";
import type { Frame } from "../protocol/task-protocol.ts";
import { readTraceContext, type TraceContext } from "../protocol/trace-context.ts";
import { VERSION } from "../version.ts";

export interface OpenTelemetryOptions {
  /** By default the global one. */
  readonly tracerProvider?: TracerProvider;
  /** By default the global one. */
  readonly meterProvider?: MeterProvider;
}

/** A subscription lasts as long as the page: a span of it would end with it. */
const UNTRACED = "subscriptions/listen";
/** Brings questions, and is closed and opened anew while a task runs: its timeout is not an error of the span. */
const WAITS = "tasks/result";
const NAME = "holdfast";

/**
 * Returns the option `tracing` of a client, which makes spans and metrics, by the semantic conventions for MCP and GenAI. The trace context
 * of a call is stored with its task: the requests of later pages and processes about it belong to the same trace. Each
 * request carries the context of its span in `_meta` (SEP-414).
 *
 * Spans: `start {tool}` when the call is stored, a client span for each request (`tools/call {tool}`, `tasks/get`), and
 * `execute_tool {tool}` from the call to the end of its task. Metrics: `mcp.client.operation.duration` and
 * `holdfast.task.duration`, in s.
 * @example
 * const tasks = new TaskClient({ store, endpoints, tracing: openTelemetry() });
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Tracing {
  const { tracerProvider = trace, meterProvider = metrics } = options;
  const tracer = tracerProvider.getTracer(NAME, VERSION);
  const meter = meterProvider.getMeter(NAME, VERSION);
  const requestDuration = meter.createHistogram("mcp.client.operation.duration", {
    unit: "s",
    description: "How long a request took, from when it was sent until its reply came",
  });
  const taskDuration = meter.createHistogram("holdfast.task.duration", {
    unit: "s",
    description: "How long a task took, from the call until its outcome was stored",
  });

  async function request(
    endpoint: string,
    { protocolVersion, sessionId }: Session,
    frame: Frame,
    send: (traced: Frame) => Promise<unknown>,
  ): Promise<unknown> {
    const { method, params } = frame;
    if (method === UNTRACED) return send(frame);
    const tool = method === "tools/call" ? String(params.name) : undefined;
    const known = { "mcp.method.name": method, ...(tool !== undefined && ofTool(tool)) };
    const attributes: Attributes = {
      ...known,
      "mcp.protocol.version": protocolVersion,
      "holdfast.endpoint": endpoint,
    };
    if (sessionId !== undefined) attributes["mcp.session.id"] = sessionId;
    if (params.taskId !== undefined) attributes["holdfast.server_task_id"] = String(params.taskId);
    const parent = parentOf(readTraceContext(params._meta)) ?? context.active();
    const name = tool === undefined ? method : `${method} ${tool}`;
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
    const began = performance.now();
    const ended = (error: Attributes): void => {
      span.setAttributes(error);
      span.end();
      requestDuration.record((performance.now() - began) / 1_000, { ...known, ...error });
    };
    try {
      const traced = withMeta(frame, contextOf(span));
      const result = await context.with(trace.setSpan(parent, span), () => send(traced));
      const failed = isObject(result) && result.isError === true;
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      ended(failed ? { "error.type": "tool_error" } : {});
      return result;
    } catch (error) {
      const failure = failureFrom(error);
      if (method !== WAITS || failure.kind === "rpc")
        span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
      ended(errorOf(failure));
      throw error;
    }
  }

  return {
    started(endpoint, tool) {
      const attributes = { ...ofTool(tool), "holdfast.endpoint": endpoint };
      const span = tracer.startSpan(`start ${tool}`, { attributes });
      span.end();
      return contextOf(span);
    },
    traced: (endpoint, connector) =>
      replacing(connector, {
        connect: async (...how) => {
          const connection = await connector.connect(...how);
          return replacing(connection, {
            request: (frame, options) =>
              request(endpoint, connection.session, frame, (sent) => connection.request(sent, options)),
          });
        },
      }),
    settled(record) {
      const { id, endpoint, call, taskId, createdAt, settledAt = createdAt, outcome } = record;
      if (taskId === undefined || !outcome) return;
      const known = {
        ...ofTool(call.name),
        "holdfast.endpoint": endpoint,
        "holdfast.outcome": outcome.kind,
        ...endOf(outcome),
      };
      const span = tracer.startSpan(
        `execute_tool ${call.name}`,
        { startTime: createdAt, attributes: { ...known, "gen_ai.tool.call.id": id } },
        parentOf(record.trace) ?? ROOT_CONTEXT,
      );
      if ("error.type" in known) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(settledAt);
      taskDuration.record((settledAt - createdAt) / 1_000, known);
    },
  };
}

function ofTool(tool: string): Attributes {
  return { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool };
}

function endOf(outcome: NonNullable<TaskRecord["outcome"]>): Attributes {
  if (outcome.kind !== "completed") return { "error.type": outcome.kind };
  return outcome.result.isError ? { "error.type": "tool_error" } : {};
}

function errorOf(failure: RequestFailure): Attributes {
  switch (failure.kind) {
    case "rpc": {
      const code = String(failure.error.code);
      return { "error.type": code, "rpc.response.status_code": code };
    }
    case "http":
      return { "error.type": String(failure.status) };
    default:
      return { "error.type": failure.kind };
  }
}

/** The object with other methods in place of its own. */
function replacing<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(own, name) {
      const value: unknown = Reflect.get(Object.hasOwn(methods, name) ? methods : own, name);
      // A class may have private fields, which are those of the object itself.
      return typeof value === "function" ? value.bind(own) : value;
    },
  });
}

/** The context of a span as `_meta` has it; none where no SDK makes spans. */
function contextOf(span: Span): TraceContext | undefined {
  const { traceId, spanId, traceFlags, traceState }: SpanContext = span.spanContext();
  if (!isSpanContextValid(span.spanContext())) return undefined;
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
  const tracestate = traceState?.serialize();
  return { traceparent, ...(tracestate && { tracestate }) };
}

function parentOf(stored: TraceContext | undefined): Context | undefined {
  if (!stored) return undefined;
  const [, traceId = "", spanId = "", flags = "00"] = stored.traceparent.split("-");
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    ...(stored.tracestate !== undefined && { traceState: createTraceState(stored.tracestate) }),
  });
}
