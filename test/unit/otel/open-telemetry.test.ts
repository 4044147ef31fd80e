import { context, type SpanContext, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { TaskClient } from "../../../src/index.ts";
import { openTelemetry } from "../../../src/otel/index.ts";
import { readTraceContext } from "../../../src/protocol/trace-context.ts";
import { type ScriptedServerOptions, scriptedServer, testPage } from "../../../src/testing/index.ts";

/** A page whose client is traced by the official SDK. Each page of a reload has a provider of its own, as a process has. */
function tracedPage(options: ScriptedServerOptions = {}) {
  const server = scriptedServer(options);
  server.tool("export");
  server.tool("weather", { taskSupport: "forbidden" });
  const spans = new InMemorySpanExporter();
  const exported = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: exported, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const page = testPage(
    { lab: server },
    {
      client: (parts) => {
        const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
        return new TaskClient({ ...parts, tracing: openTelemetry({ tracerProvider, meterProvider }) });
      },
    },
  );
  const metrics = async () => {
    await meterProvider.forceFlush();
    const [batch] = exported.getMetrics().slice(-1);
    await meterProvider.shutdown();
    return batch?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  };
  return { server, page, finished: () => spans.getFinishedSpans(), metrics };
}

const traceIdIn = (meta: unknown): string | undefined => readTraceContext(meta)?.traceparent.split("-")[1];

describe.each(["2025-11-25", "2026-07-28"] as const)("openTelemetry(), %s", (generation) => {
  it("a task has one trace, over its call, its polls and a reload, and each request carries the context of its span", async () => {
    const { server, page, finished } = tracedPage({ generation, push: false });
    await page.tasks.callTool("lab", "export", { format: "csv" });
    await page.clock.advance(3_000);
    const [task] = await page.reload();
    await (await server.task()).complete("Done");
    if (!task) throw new Error("The task is not resumed");
    await page.clock.until(task.result());
    await page.clock.settled();

    const spans = finished();
    const ofTask = spans.filter(({ name }) => !/^(tools\/list|tasks\/list)$/.test(name));
    expect(new Set(ofTask.map((span) => span.spanContext().traceId)).size).toBe(1);
    const names = ofTask.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["start export", "tools/call export", "tasks/get", "execute_tool export"]),
    );
    const [start] = ofTask;
    expect(start?.name).toBe("start export");
    const children = ofTask.slice(1);
    expect(new Set(children.map((span) => span.parentSpanContext?.spanId))).toEqual(
      new Set([start?.spanContext().spanId]),
    );

    const sent = server.requests.filter(({ method }) => /^(tools\/call|tasks\/)/.test(method));
    const ids = ofTask.map((span) => span.spanContext().spanId);
    for (const { params } of sent) {
      expect(traceIdIn(params._meta)).toBe(start?.spanContext().traceId);
      expect(ids).toContain(readTraceContext(params._meta)?.traceparent.split("-")[2]);
    }
    expect(sent.length).toBeGreaterThan(4);
    expect(traceIdIn(task.view.trace)).toBe(start?.spanContext().traceId);
    await page.close();
  });

  it("spans and metrics have the attributes of the semantic conventions", async () => {
    const { server, page, finished, metrics } = tracedPage({ generation, push: false });
    const task = await page.tasks.callTool("lab", "export");
    await page.clock.advance(60_000);
    await (await server.task()).complete("Done");
    await page.clock.until(task.result());
    await page.clock.settled();
    const named = (name: string) => finished().find((span) => span.name === name);
    expect(named("tools/call export")).toMatchObject({
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "export",
      },
    });
    const whole = named("execute_tool export");
    expect(whole?.attributes).toMatchObject({
      "gen_ai.tool.call.id": task.id,
      "holdfast.outcome": "completed",
    });
    expect(whole?.duration[0]).toBeGreaterThanOrEqual(60);
    const [requests, tasks] = await metrics();
    expect(requests?.descriptor).toMatchObject({ name: "mcp.client.operation.duration", unit: "s" });
    expect(tasks?.descriptor).toMatchObject({ name: "holdfast.task.duration", unit: "s" });
    expect(tasks?.dataPoints).toMatchObject([
      { attributes: { "gen_ai.tool.name": "export" }, value: { count: 1 } },
    ]);
    await page.close();
  });

  it("failed requests and tasks have an error type, and a plain call whose tool failed, too", async () => {
    const { server, page, finished } = tracedPage({ generation, push: false });
    server.fail("tasks/get", { kind: "http", status: 503 });
    const task = await page.tasks.callTool("lab", "export");
    await page.clock.advance(60_000);
    await (await server.task()).fail({ code: -32001, message: "No disk" });
    await page.clock.until(task.result().catch(() => undefined));
    const calling = page.tasks.callTool("lab", "weather");
    await (await server.task("weather")).complete({ content: [], isError: true });
    await calling;
    await page.clock.settled();
    const errors = finished()
      .filter(({ status }) => status.code === SpanStatusCode.ERROR)
      .map(({ name, attributes }) => `${name}: ${attributes["error.type"]}`);
    expect(errors).toEqual(
      expect.arrayContaining([
        "tasks/get: 503",
        "execute_tool export: failed",
        "tools/call weather: tool_error",
      ]),
    );
    await page.close();
  });

  it("a call of an app that has a trace belongs to it, with or without a tracing system", async () => {
    const given = {
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
      tracestate: "vendor=1",
    };
    const server = scriptedServer({ generation, push: false });
    server.tool("export");
    const page = testPage({ lab: server });
    await page.tasks.callTool("lab", "export", {}, { trace: given });
    await page.reload();
    await page.clock.advance(5_000);
    const sent = server.requests.filter(({ method }) => /^(tools\/call|tasks\/)/.test(method));
    expect(sent.length).toBeGreaterThan(3);
    for (const { params } of sent) expect(params._meta).toMatchObject(given);
    expect(
      server.requests.find(({ method }) => method === "tools/list")?.params._meta ?? {},
    ).not.toHaveProperty("traceparent");
    await page.close();

    const traced = tracedPage({ generation, push: false });
    await traced.page.tasks.callTool("lab", "export", {}, { trace: given });
    const call = traced.finished().find(({ name }) => name === "tools/call export");
    expect(call?.parentSpanContext).toMatchObject({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "00f067aa0ba902b7",
    } satisfies Partial<SpanContext>);
    await traced.page.close();
  });
});

it("without an SDK nothing is added to requests, and tasks run as before", async () => {
  const server = scriptedServer();
  server.tool("export", () => "Done");
  const client = (parts: ConstructorParameters<typeof TaskClient>[0]): TaskClient =>
    new TaskClient({ ...parts, tracing: openTelemetry() });
  const page = testPage({ lab: server }, { client });
  const task = await page.tasks.callTool("lab", "export");
  expect(await page.clock.until(task.result())).toMatchObject({ content: [{ text: "Done" }] });
  for (const { params } of server.requests) expect(params._meta ?? {}).not.toHaveProperty("traceparent");
  expect(task.view.trace).toBeUndefined();
  expect(trace.getSpan(context.active())).toBeUndefined();
  await page.close();
});

describe("readTraceContext()", () => {
  it.each([
    ["00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01", true],
    ["cc-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-more", true],
    ["ff-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01", false],
    ["00-00000000000000000000000000000000-00f067aa0ba902b7-01", false],
    ["00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false],
    ["00-0AF7651916CD43DD8448EB211C80319C-00f067aa0ba902b7-01", false],
    ["00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7", false],
    ["", false],
    [7, false],
  ])("reads %j: %s", (traceparent, valid) => {
    expect(readTraceContext({ traceparent })).toEqual(valid ? { traceparent } : undefined);
  });

  it("leaves out a tracestate that is too long, and reads no _meta that is not an object", () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
    expect(readTraceContext({ traceparent, tracestate: "a".repeat(513) })).toEqual({ traceparent });
    expect(readTraceContext("traceparent")).toBeUndefined();
  });
});
