import { describe, expect, it } from "vitest";
import { RequestFailedError } from "../../../src/index.ts";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { network, unauthorized } from "../../fixtures/failures.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { ScriptedServer } from "../../fixtures/scripted-server.ts";

const away = (): (typeof network)[] => Array.from({ length: 50 }, () => network);

describe("TaskClient.start()", () => {
  it("resolves with a durable handle before the server has been reached", async () => {
    const { client, server, store } = lab2026();
    server.refusals.push(...away());
    const task = await client.start("lab", "plain", { city: "Oslo" });
    expect(task.view.status).toBe("queued");
    const stored = await store.load(task.id);
    expect(stored).toMatchObject({
      v: 2,
      stage: "queued",
      call: { name: "plain", arguments: { city: "Oslo" } },
    });
    expect(stored).not.toHaveProperty("generation");
  });

  it("makes the call once the server can be reached", async () => {
    const { client, server, clock } = lab2026();
    server.refusals.push(network, network);
    const task = await client.start("lab", "plain");
    await settled();
    expect(task.view.retry?.failure.kind).toBe("network");
    await clock.advance(4_000);
    await (await server.expect("tools/call")).reply(wire2026.callResult);
    expect(await task.result()).toMatchObject(wire2026.toolResult);
    expect(server.methods).toEqual(["tools/call"]);
  });

  it("under an id that is known returns the task that it has, also while the first start is under way", async () => {
    const { client, server, store } = lab2026();
    server.refusals.push(...away());
    const tasks = await Promise.all([1, 2, 3].map(() => client.start("lab", "plain", {}, { id: "mine" })));
    expect(new Set(tasks).size).toBe(1);
    expect(await client.start("lab", "plain", {}, { id: "mine" })).toBe(tasks[0]);
    const later = lab2026({ store, server });
    expect((await later.client.start("lab", "plain", {}, { id: "mine" })).id).toBe("mine");
    expect(await store.loadActive()).toHaveLength(1);
  });

  it("rejects arguments that are not JSON", async () => {
    const { client, store } = lab2026();
    await expect(client.start("lab", "plain", { when: 1n as unknown as string })).rejects.toThrow(TypeError);
    expect(await store.loadActive()).toEqual([]);
  });
});

describe("a queued call whose page was closed", () => {
  it.each([
    ["2025-11-25", lab2025, wire2025],
    ["2026-07-28", lab2026, wire2026],
  ] as const)("is made by the next page, once: a %s task", async (_generation, labOf, wire) => {
    const first = labOf();
    first.server.refusals.push(...away());
    const { id } = await first.client.start("lab", "report");
    await first.client.close();
    const second = labOf({ store: first.store });
    const [task] = await second.client.resume();
    expect(task?.id).toBe(id);
    await (await second.server.expect("tools/call")).reply(wire.createTaskResult);
    expect(task?.view.taskId).toBe(wire.TASK_ID);
    expect([...first.server.methods, ...second.server.methods]).toEqual(["tools/call"]);
  });

  it("is made by the next page and its plain result is stored, for nobody has it in hand", async () => {
    const first = lab2025();
    first.server.refusals.push(...away());
    const { id } = await first.client.start("lab", "plain");
    await first.client.close();
    const second = lab2025({ store: first.store });
    await second.client.resume();
    await (await second.server.expect("tools/call")).reply(wire2025.toolResult);
    const third = lab2025({ store: first.store });
    expect(await (await third.client.get(id))?.result()).toEqual(wire2025.toolResult);
  });

  it("is sent only after a request that may be repeated shows that the server can be reached", async () => {
    const first = lab2026();
    await first.client.listTools("lab");
    const before = lab2026({ store: first.store, server: first.server });
    before.server.refusals.push(...away());
    await before.client.start("lab", "plain");
    await before.client.close();
    const second = lab2026({ store: first.store });
    second.server.tools = network;
    await second.client.resume();
    await settled();
    expect(second.server.methods).toEqual([]);
    second.server.tools = [{ name: "plain", inputSchema: { type: "object" } }];
    await second.clock.advance(2_000);
    await second.server.expect("tools/call");
  });

  it("waits for a sign-in, and nudge() tries again", async () => {
    const first = lab2026();
    first.server.refusals.push(...away());
    await first.client.start("lab", "plain");
    await first.client.close();
    const second = lab2026({ store: first.store });
    second.server.refusals.push(unauthorized);
    const [task] = await second.client.resume();
    await settled();
    expect(task?.view.status).toBe("queued");
    expect(task?.view.retry?.failure.kind).toBe("unauthorized");
    second.client.nudge();
    await second.server.expect("tools/call");
  });
});

describe("a plain call whose page was closed", () => {
  it("ends with its page, and is not sent again: it left the store before it was sent", async () => {
    const first = lab2025();
    const calling = first.client.callTool("lab", "plain").catch((error: unknown) => error);
    await first.server.expect("tools/call");
    expect(await first.store.loadActive()).toEqual([]);
    await first.client.close();
    expect(await calling).toMatchObject({ name: "ClientClosedError" });
    const second = lab2025({ store: first.store });
    expect(await second.client.resume()).toEqual([]);
    await settled();
    expect(second.server.methods).toEqual([]);
  });
});

describe("callTool()", () => {
  it("aborted while the call is queued: it is cancelled, and never sent", async () => {
    const { client, server, store, clock } = lab2026();
    server.refusals.push(network);
    const controller = new AbortController();
    const calling = client.callTool("lab", "plain", {}, { signal: controller.signal });
    const reason = new Error("The dialog was closed");
    const end = expect(calling).rejects.toBe(reason);
    await settled();
    controller.abort(reason);
    await end;
    await clock.advance(60_000);
    expect(server.methods).toEqual([]);
    expect(await store.loadActive()).toEqual([]);
  });

  it("rejects with a RequestFailedError for a call that was never sent, in words of its cause", async () => {
    const { client, server } = lab2026();
    server.tools = { kind: "http", status: 403, message: "HTTP 403: Forbidden" };
    const failure = await client.callTool("lab", "plain").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RequestFailedError);
    expect(failure).toMatchObject({ method: "tools/list", failure: { kind: "http", status: 403 } });
    expect(String(failure)).toContain('tools/list on endpoint "lab": HTTP 403: Forbidden');
    expect(server.methods).toEqual([]);
  });

  it("of a server that speaks another generation since it was described is made in that one", async () => {
    const first = lab2026();
    await first.client.listTools("lab");
    const { server } = first;
    const calling = first.client.callTool("lab", "report");
    const call = await server.expect("tools/call");
    const message = "The task is of 2026-07-28, and its server now speaks 2025-11-25";
    await call.fail({ kind: "network", message, unsent: true });
    await first.clock.advance(2_000);
    await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
    expect((await calling).view.status).toBe("working");
  });
});

it("calls that wait for the same server list its tools together", async () => {
  const first = lab2026();
  first.server.refusals.push(...away());
  for (let count = 0; count < 5; count++) await first.client.start("lab", "plain");
  await first.client.close();
  const server = new ScriptedServer(first.server.session);
  server.tools = [{ name: "plain", inputSchema: { type: "object" } }];
  const second = lab2026({ store: first.store, server });
  await second.client.resume();
  for (let count = 0; count < 5; count++)
    await (await server.expect("tools/call")).reply(wire2026.callResult);
  expect(server.lists).toBe(1);
  expect(server.connects).toBe(1);
});
