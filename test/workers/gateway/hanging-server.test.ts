import { expect, test, vi } from "vitest";
import type { Bindings } from "../../../worker/bindings.ts";
import { Caller, CallerEndpoint } from "../../../worker/gateway/caller.ts";
import { serverFacts } from "../../../worker/gateway/server-requests.ts";
import { toolList } from "../../../worker/gateway/tools.ts";
import type { GatewayGroupStub } from "../../../worker/group/group-stub.ts";
import { quietFakeTime } from "./quiet-fake-time.ts";

quietFakeTime();

/** Asks what the server of `/mcp/<name>` can do, which answers after so many ms. Resolves with that, and after how many ms. */
async function facts(name: string, takesMs: number) {
  const server = () =>
    new Promise((resolve) => {
      if (takesMs === Number.POSITIVE_INFINITY) return;
      setTimeout(() => resolve({ ok: true, value: { capabilities: { tools: {}, prompts: {} } } }), takesMs);
    });
  vi.spyOn(CallerEndpoint.prototype, "first", "get").mockReturnValue({
    server,
  } as unknown as GatewayGroupStub);
  const caller = Caller.of({} as Bindings, "alice", { name }, "https://holdfast.test");
  const began = Date.now();
  const answer = serverFacts(caller).then(({ capabilities }) => ({ capabilities, ms: Date.now() - began }));
  await vi.advanceTimersByTimeAsync(30_000);
  return answer;
}

test("/mcp/<name> says what its server can do when that answers", async () => {
  expect(await facts("slow", 8_000)).toEqual({ capabilities: { tools: {}, prompts: {} }, ms: 8_000 });
});

test("/mcp/<name> offers tools after 10 s where its server hangs, and after a second when it has just hung", async () => {
  const never = Number.POSITIVE_INFINITY;
  expect(await facts("hangs", never)).toEqual({ capabilities: { tools: {} }, ms: 10_000 });
  expect(await facts("hangs", never)).toEqual({ capabilities: { tools: {} }, ms: 1_000 });
});

/** The names of the tools at `/mcp/<name>`, whose server lists them after so many ms, and after how many ms they come. */
async function tools(takesMs: number, last: object | undefined) {
  const passOn = () =>
    new Promise((resolve) => {
      setTimeout(() => resolve({ ok: true, result: { tools: [{ name: "now" }] } }), takesMs);
    });
  vi.spyOn(CallerEndpoint.prototype, "first", "get").mockReturnValue({
    passOn,
    lastPage: async () => last,
  } as unknown as GatewayGroupStub);
  const caller = Caller.of({} as Bindings, "alice", { name: "papers" }, "https://holdfast.test");
  const began = Date.now();
  const listed = toolList(caller, { companions: false, taskSupport: false }, undefined).then((page) => ({
    names: (page.tools as { name: string }[]).map(({ name }) => name),
    ms: Date.now() - began,
  }));
  await vi.advanceTimersByTimeAsync(60_000);
  return listed;
}

test("/mcp/<name> lists the tools that its server last had, after 10 s in which it does not answer", async () => {
  const last = { tools: [{ name: "before" }] };
  expect(await tools(8_000, last)).toEqual({ names: ["now"], ms: 8_000 });
  expect(await tools(50_000, last)).toEqual({ names: ["before"], ms: 10_000 });
});

test("/mcp/<name> waits for a server that has never listed its tools", async () => {
  expect(await tools(50_000, undefined)).toEqual({ names: ["now"], ms: 50_000 });
});
