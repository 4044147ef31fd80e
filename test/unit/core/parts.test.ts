import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HostedClient } from "../../../src/client/hosted-client.ts";
import type { Part } from "../../../src/core/index.ts";
import type { Problem } from "../../../src/index.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import type { Session } from "../../../src/protocol/session.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { TOOLS } from "../../fixtures/client-lab.ts";
import { network } from "../../fixtures/failures.ts";
import { FakeBrowser } from "../../fixtures/fake-browser.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { callingRecord, runningRecord, T0 } from "../../fixtures/records.ts";
import { ScriptedServer, SESSION_2025, SESSION_2026 } from "../../fixtures/scripted-server.ts";

type Core = typeof import("../../../src/core/index.ts");

/** `holdfast/core` in a process of its own, as far as it has registered protocols. */
let core: Core;
const clients: HostedClient[] = [];

beforeEach(async () => {
  vi.resetModules();
  core = await import("../../../src/core/index.ts");
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  vi.unstubAllGlobals();
});

function labOf(session: Session, parts: readonly Part[], store = memoryStore()) {
  const server = new ScriptedServer(session);
  server.tools = TOOLS;
  const clock = new FakeClock(T0);
  const problems: Problem[] = [];
  const client = core.createTaskClient({
    store,
    endpoints: { lab: server },
    parts: [...parts, { clock }],
    onProblem: (problem) => problems.push(problem),
  });
  clients.push(client);
  return { client, server, clock, store, problems };
}

const named = (names: readonly string[]): readonly Part[] =>
  names.map((name) => core[name as "questions" | "recovery" | "push" | "explanations"]);

describe("createTaskClient() of holdfast/core", () => {
  const others = [[], ["questions"], ["recovery"], ["push"], ["explanations"], ["questions", "push"]];

  it.each(others)("runs a task of 2025-11-25 with tasks2025 and %s", async (...names) => {
    const { client, server, clock } = labOf(SESSION_2025, [core.tasks2025, ...named(names)]);
    const calling = client.callTool("lab", "report");
    await (await server.expect("tools/call")).reply(wire2025.createTaskResult);
    const task = await calling;
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire2025.completed);
    await (await server.expect("tasks/result")).reply(wire2025.toolResultOfTask);
    expect(await task.result()).toEqual(wire2025.toolResultOfTask);
  });

  it.each(others)("runs a task of 2026-07-28 with tasks2026 and %s", async (...names) => {
    const { client, server, clock } = labOf(SESSION_2026, [core.tasks2026, ...named(names)]);
    const calling = client.callTool("lab", "report");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    await clock.advance(4_999);
    server.arrivals.length = 0;
    await clock.advance(1);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(await task.result()).toEqual(wire2026.toolResult);
  });

  it("has tabs() share the tasks of a store: one of two tabs polls", async () => {
    const browser = new FakeBrowser();
    const store = Object.assign(memoryStore(), { scope: "shared" });
    await store.save(runningRecord({ generation: "2026-07-28", endpoint: "lab" }));
    const open = () => {
      const tab = browser.openTab();
      vi.stubGlobal("navigator", { locks: tab.locks });
      vi.stubGlobal("BroadcastChannel", function openChannel(name: string) {
        return tab.openChannel(name);
      });
      return labOf(SESSION_2026, [core.tasks2026, core.tabs()], store);
    };
    const tabs = [open(), open()];
    for (const { client } of tabs) await client.resume();
    await settled();
    expect(tabs.map(({ server }) => server.methods.length).sort()).toEqual([0, 1]);
  });

  it("throws a TypeError without a store", () => {
    const options = { endpoints: {}, parts: [] } as unknown as Parameters<Core["createTaskClient"]>[0];
    expect(() => core.createTaskClient(options)).toThrow(TypeError);
  });
});

describe("a part that a client does not have", () => {
  it("is named by the error of a call whose server speaks a protocol without its part", async () => {
    const { client } = labOf(SESSION_2025, [core.tasks2026]);
    const error = await client.callTool("lab", "report").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(core.RequestFailedError);
    expect(String(error)).toContain("no part for protocol 2025-11-25");
  });

  it("leaves stored tasks of its protocol as they are, and reports them", async () => {
    const store = memoryStore();
    const record = runningRecord({ generation: "2025-11-25", endpoint: "lab" });
    await store.save(record);
    const { client, server, problems } = labOf(SESSION_2026, [core.tasks2026], store);
    expect(await client.resume()).toEqual([]);
    expect(problems).toMatchObject([{ kind: "unreadable", id: record.id }]);
    expect(await store.load(record.id)).toEqual(record);
    expect(server.methods).toEqual([]);
  });

  it("questions: answer() throws a MissingPartError, and the task is polled on", async () => {
    const { client, server, clock } = labOf(SESSION_2026, [core.tasks2026]);
    const calling = client.callTool("lab", "report");
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    const task = await calling;
    await clock.advance(3_600_000);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.inputRequired));
    expect(task.view).toMatchObject({ status: "input_required", inputRequests: [] });
    await expect(task.answer("name", { action: "decline" })).rejects.toThrow(core.MissingPartError);
    await clock.advance(3_600_000);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(task.view.status).toBe("completed");
  });

  it("questions: a call that the server answers with questions fails, and its error names the part", async () => {
    const { client, server } = labOf(SESSION_2026, [core.tasks2026]);
    const failing = expect(client.callTool("lab", "report")).rejects.toThrow("no part for questions");
    await (await server.expect("tools/call")).reply(wire2026.inputRequiredResult);
    await failing;
  });

  it("questions: a 2025-11-25 server's request is not taken, and no stream is opened for it", async () => {
    const { client, server, clock } = labOf(SESSION_2025, [core.tasks2025]);
    const calling = client.callTool("lab", "report");
    await (await server.expect("tools/call")).reply(wire2025.createTaskResult);
    await calling;
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(wire2025.inputRequired);
    expect(await server.send(wire2025.elicitRequest)).toBe(false);
    await clock.advance(5_000);
    expect(server.methods.slice(1)).toEqual(["tasks/get", "tasks/get"]);
  });

  it("recovery: a call whose reply never came is lost, and no list is asked for", async () => {
    const { client, server } = labOf(SESSION_2025, [core.tasks2025]);
    const lost = expect(client.callTool("lab", "report")).rejects.toThrow("got no reply");
    await (await server.expect("tools/call")).fail(network);
    await lost;
    expect(server.methods).toEqual(["tools/call"]);
  });

  it("recovery: a call that an earlier client was to look for is lost", async () => {
    const store = memoryStore();
    const call: JsonObject = { recovery: "list", asTask: true };
    await store.save(callingRecord({ generation: "2025-11-25", endpoint: "lab", call }));
    const { client, server } = labOf(SESSION_2025, [core.tasks2025], store);
    await client.resume();
    await settled();
    expect(server.methods).toEqual([]);
    const [task] = await client.list();
    expect(task?.view.outcome).toMatchObject({ kind: "lost" });
  });
});
