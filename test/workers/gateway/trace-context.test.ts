import { exports } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { WireEntry } from "../../../worker/samples/wire-log.ts";
import { LegacyClient } from "./legacy-client.ts";
import { ModernClient } from "./modern-client.ts";

const trace = (id: string) => ({
  traceparent: `00-${id.padStart(32, "0")}-00f067aa0ba902b7-01`,
  tracestate: "vendor=1",
});

/** The requests that the sample servers received in a trace. */
async function received({
  traceparent,
}: {
  readonly traceparent: string;
}): Promise<readonly (string | undefined)[]> {
  const reply = await exports.default.fetch("https://holdfast.test/samples/demo/wire");
  const entries = (await reply.json()) as WireEntry[];
  const ofTrace = entries.filter(
    ({ meta }) => (meta as { traceparent?: string } | undefined)?.traceparent === traceparent,
  );
  for (const { meta } of ofTrace) expect(meta).toMatchObject({ tracestate: "vendor=1" });
  return ofTrace.map(({ method }) => method);
}

const call = { name: "acquire_paper", arguments: { doi: "10.1/traced", stage_ms: 100 } };

test("a modern client's trace context is on the call and on the polls of its task, and the log of its end names the trace", async () => {
  const said = vi.spyOn(console, "log");
  const client = new ModernClient(`traced-${crypto.randomUUID()}`, "sample-2026");
  const given = trace("a1");
  const { result } = await client.ask("tools/call", { ...call, _meta: given });
  await vi.waitFor(
    async () => {
      const { result: task } = await client.ask("tasks/get", { taskId: result?.taskId });
      expect(task?.status).toBe("completed");
    },
    { timeout: 20_000, interval: 100 },
  );
  const methods = await received(given);
  expect(methods.filter((method) => method === "tools/call")).toHaveLength(1);
  expect(methods).toContain("tasks/get");
  const settled = said.mock.calls.map(([line]) => String(line)).filter((line) => line.includes(`"settled"`));
  expect(settled.join("\n")).toContain(`"trace_id":"${"a1".padStart(32, "0")}"`);
});

test("a legacy client's trace context is on the call, and one that is malformed is not sent on", async () => {
  const client = new LegacyClient({ principal: `traced-${crypto.randomUUID()}`, endpoint: "sample-2025" });
  const given = trace("b2");
  await client.call(call.name, call.arguments, { meta: given });
  expect(await received(given)).toContain("tools/call");
  const malformed = { traceparent: "00-b3", tracestate: "vendor=1" };
  await client.call(call.name, { ...call.arguments, doi: "10.1/malformed" }, { meta: malformed });
  expect(await received(malformed)).toEqual([]);
});

test("calls of a tool that the isolate makes itself have the trace of their own client, and no trace of an earlier one", async () => {
  const client = new LegacyClient({
    principal: `traced-${crypto.randomUUID()}`,
    endpoint: "sample-2025",
    keepsSession: true,
  });
  const traces = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? trace(`c${index}`) : undefined));
  for (const given of traces)
    await client.call("lookup_doi", { doi: `10.1/${crypto.randomUUID()}` }, given ? { meta: given } : {});
  for (const given of traces) if (given) expect(await received(given)).toEqual(["tools/call"]);
});
