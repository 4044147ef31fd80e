import { describe, expect, it } from "vitest";
import { ExtensionError } from "../../../src/extension/page.ts";
import {
  ClientClosedError,
  InputError,
  RequestFailedError,
  type Task,
  TaskFailedError,
  UnknownEndpointError,
} from "../../../src/index.ts";
import { TOOLS } from "../../fixtures/client-lab.ts";
import { rpcError } from "../../fixtures/failures.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import { createTaskResult } from "../../fixtures/messages-2026-07-28.ts";
import { ScriptedServer, SESSION_2025, SESSION_2026 } from "../../fixtures/scripted-server.ts";
import { extensionLab, heldCalls, RESULT, slowed } from "./extension-lab.ts";
import { serverOf } from "./fake-extension.ts";

const ANSWER = { action: "accept", content: { name: "Ada" } };

function watched(client: { subscribe(listener: (task: Task) => void): () => void }): string[] {
  const seen: string[] = [];
  client.subscribe(({ view: { id, status } }) => seen.push(`${id.slice(0, 1)} ${status}`));
  return seen;
}

describe("a page of the extension", () => {
  it("lists tools, calls, sees every change, has the result, and forgets", async () => {
    const lab = extensionLab();
    const { client } = lab.page();
    expect(await client.endpoints()).toEqual(["papers"]);
    expect((await client.listTools("papers")).map(({ name }) => name)).toContain("report");
    const seen = watched(client);
    const task = await client.callTool("papers", "report", { pages: 3 }, { id: "a" });
    expect(await client.resume()).toEqual([task]);
    expect(task.view).toMatchObject({ id: "a", endpoint: "papers", tool: "report", arguments: { pages: 3 } });
    await lab.extension.advance(16_000);
    expect(seen).toEqual(["a calling", "a working", "a completed"]);
    expect(await task.result()).toEqual(RESULT);
    expect((await client.list()).map(({ id }) => id)).toEqual(["a"]);
    await client.forget("a");
    expect(await client.list()).toEqual([]);
    expect(await client.get("a")).toBeUndefined();
  });

  it("is notified that another page forgot a task", async () => {
    const lab = extensionLab();
    const [one, other] = [lab.page().client, lab.page().client];
    const gone: string[] = [];
    other.subscribe(
      () => undefined,
      (id) => gone.push(id),
    );
    await one.callTool("papers", "report", {}, { id: "a" });
    await lab.extension.advance(16_000);
    await one.forget("a");
    await settled();
    expect(gone).toEqual(["a"]);
  });

  it("answers a question and cancels", async () => {
    const lab = extensionLab();
    lab.server.asks = true;
    const { client } = lab.page();
    const task = await client.callTool("papers", "report");
    await lab.extension.advance(16_000);
    expect(task.view.inputRequests).toMatchObject([{ key: "name", method: "elicitation/create" }]);
    await expect(task.answer("name", { action: "accept", content: {} })).rejects.toMatchObject({
      constructor: InputError,
      key: "name",
      task: { id: task.id, tool: "report" },
    });
    await task.answer("name", ANSWER);
    await expect(task.answer("name", ANSWER)).rejects.toBeInstanceOf(InputError);
    await lab.extension.advance(10_000);
    expect(await task.result()).toEqual(RESULT);
    const other = await client.callTool("papers", "report");
    await other.cancel();
    expect(other.view.cancelling).toBe(true);
    expect(lab.server.times("tasks/cancel")).toBe(1);
  });

  it("makes one call of two with the same id, also when both are in flight at the same time, in two pages", async () => {
    const lab = extensionLab();
    const [one, two] = [lab.page().client, lab.page().client];
    const tasks = await Promise.all([
      one.callTool("papers", "report", {}, { id: "the-call" }),
      two.callTool("papers", "report", {}, { id: "the-call" }),
    ]);
    tasks.push(await two.callTool("papers", "report", {}, { id: "the-call" }));
    expect(tasks.map(({ id }) => id)).toEqual(["the-call", "the-call", "the-call"]);
    expect(lab.server.times("tools/call")).toBe(1);
  });

  it("sees what another page begins, and not what ended before it looked", async () => {
    const lab = extensionLab();
    const [one, two] = [lab.page().client, lab.page().client];
    await one.callTool("papers", "report", {}, { id: "old" });
    await lab.extension.advance(20_000);
    const seen = watched(two);
    await settled();
    await one.callTool("papers", "report", {}, { id: "new" });
    await lab.extension.advance(16_000);
    lab.extension.kill();
    await lab.extension.advance(1_000);
    expect(new Set(seen)).toEqual(new Set(["n calling", "n working", "n completed"]));
    expect(seen.filter((line) => line === "n completed")).toHaveLength(1);
  });

  it("misses nothing of what happened while the worker was dead or it could not be reached", async () => {
    const lab = extensionLab({ alarmFloorMs: 30_000 });
    const { client } = lab.page();
    const seen = watched(client);
    await settled();
    // Begun and ended by others, all while this page's port was gone.
    const { main } = lab.extension;
    const other = lab.page().client;
    await other.callTool("papers", "report", {}, { id: "early" });
    lab.extension.main = () => undefined;
    lab.extension.kill();
    await settled();
    lab.extension.kill();
    lab.extension.main = main;
    await lab.extension.advance(100_000);
    expect(seen).toContain("e completed");
    expect(lab.server.times("tools/call")).toBe(1);
  });

  it("is not notified of a failed call that the worker makes once more", async () => {
    const server = new ScriptedServer(SESSION_2025);
    const report = { name: "report", inputSchema: { type: "object" } };
    server.tools = [report];
    const lab = extensionLab({ endpoints: (life) => async () => ({ papers: life.connector(server) }) });
    const { client } = lab.page();
    await client.listTools("papers");
    // What the worker remembers of the tool is out of date.
    server.tools = [{ ...report, execution: { taskSupport: "required" } }];
    const seen = watched(client);
    const calling = client.callTool("papers", "report", {}, { id: "a" });
    await (await server.expect("tools/call")).fail(rpcError(-32601));
    await (await server.expect("tools/call")).reply(wire2025.createTaskResult);
    expect((await calling).view.status).toBe("working");
    expect(seen).toEqual(["a calling", "a queued", "a calling", "a working"]);
  });

  it("sees the progress of a task, without being sent the whole task each time", async () => {
    const server = new ScriptedServer(SESSION_2026);
    server.tools = TOOLS;
    const lab = extensionLab({ endpoints: (life) => async () => ({ papers: life.connector(server) }) });
    const [one, two] = [lab.page().client, lab.page().client];
    const calling = one.callTool("papers", "report", { text: "x".repeat(10_000) }, { id: "a" });
    await (await server.expect("tools/call")).reply(createTaskResult);
    const task = await calling;
    const other = await two.get("a");
    const ports = [...(lab.extension.life?.ports ?? [])];
    const progress = (at: number): void => {
      const params = { progressToken: "a", progress: at, total: 3 };
      server.send({ jsonrpc: "2.0", method: "notifications/progress", params });
    };
    progress(1);
    await settled();
    for (const port of ports) port.posted.length = 0;
    progress(2);
    await settled();
    expect(task.view.progress).toEqual({ progress: 2, total: 3 });
    expect(other?.view.progress).toEqual({ progress: 2, total: 3 });
    const message = { type: "progress", id: "a", progress: { progress: 2, total: 3 } };
    expect(ports.map(({ posted }) => posted)).toEqual([[message], [message]]);
  });

  it("is not sent the results of others, nor of its own before it asks", async () => {
    const lab = extensionLab();
    lab.server.result = { content: [{ type: "text", text: "x".repeat(500_000) }] };
    const ports: number[] = [];
    const { connect } = lab.extension;
    lab.extension.connect = (...given) => {
      const port = connect.apply(lab.extension, given);
      ports.push(0);
      const index = ports.length - 1;
      port.onMessage.addListener((message) => {
        ports[index] = (ports[index] ?? 0) + JSON.stringify(message).length;
      });
      return port;
    };
    const [one, two] = [lab.page().client, lab.page().client];
    const seen = watched(two);
    const task = await one.callTool("papers", "report");
    await lab.extension.advance(20_000);
    expect(seen.at(-1)).toMatch("completed");
    await two.list();
    expect(Math.max(...ports)).toBeLessThan(20_000);
    expect(await task.result()).toEqual(lab.server.result);
    expect(ports[1]).toBeLessThan(20_000);
  });

  it("a result that no port carries is an error of who asked for it", async () => {
    const lab = extensionLab();
    const { client } = lab.page();
    const task = await client.callTool("papers", "report");
    for (const port of lab.extension.life?.ports ?? []) port.limit = 1_000;
    lab.server.result = { content: [{ type: "text", text: "x".repeat(5_000) }] };
    await lab.extension.advance(16_000);
    await expect(task.result()).rejects.toMatchObject({ constructor: ExtensionError, code: "failed" });
    expect(await client.endpoints()).toEqual(["papers"]);
  });

  it("an aborted call ends the wait and not the call", async () => {
    const { calls, finish } = heldCalls();
    const lab = extensionLab({
      endpoints:
        (life, { connector }) =>
        async () => ({ papers: life.connector(slowed(connector, calls)) }),
    });
    const { client } = lab.page();
    const seen = watched(client);
    const abort = new AbortController();
    const calling = client.callTool("papers", "report", {}, { signal: abort.signal, id: "a" });
    const refusal = expect(calling).rejects.toThrow("never mind");
    await settled();
    expect(lab.unfinished.has("a")).toBe(true);
    abort.abort(new Error("never mind"));
    await refusal;
    finish();
    await lab.extension.advance(20_000);
    expect(seen.at(-1)).toBe("a completed");
    const unsent = client.callTool("papers", "report", {}, { signal: abort.signal });
    await expect(unsent).rejects.toThrow("never mind");
    expect(lab.server.times("tools/call")).toBe(1);
  });

  it("that is closed receives no more, and rejects what waits", async () => {
    const lab = extensionLab();
    const { client } = lab.page();
    const seen = watched(client);
    const task = await client.callTool("papers", "report");
    const waiting = expect(task.result()).rejects.toBeInstanceOf(ClientClosedError);
    const listing = expect(client.list()).rejects.toBeInstanceOf(ClientClosedError);
    await client.close();
    await Promise.all([waiting, listing]);
    await expect(client.list()).rejects.toBeInstanceOf(ClientClosedError);
    const { length } = seen;
    await lab.extension.advance(20_000);
    expect(seen).toHaveLength(length);
    expect([...(lab.extension.life?.ports ?? [])].filter(({ open }) => open)).toEqual([]);
  });
});

describe("the port", () => {
  it("is given back once nobody waits for anything, so that the worker may rest", async () => {
    const lab = extensionLab();
    const { client } = lab.page();
    const open = () => [...(lab.extension.life?.ports ?? [])].filter((port) => port.open).length;
    const stop = client.subscribe(() => undefined);
    const task = await client.callTool("papers", "report");
    await lab.extension.advance(20_000);
    expect(task.view.status).toBe("completed");
    expect(open()).toBe(1);
    stop();
    await lab.extension.advance(10_000);
    expect(open()).toBe(0);
    expect(await client.endpoints()).toEqual(["papers"]);
    await lab.extension.advance(10_000);
    expect(open()).toBe(0);
    lab.extension.kill();
    await lab.extension.advance(600_000);
    expect(lab.extension.life, "nothing starts it").toBeUndefined();
  });

  it("that closes with the worker is opened again at once by who still waits", async () => {
    const lab = extensionLab();
    const page = lab.page();
    page.client.subscribe(() => undefined);
    await settled();
    for (let death = 0; death < 10; death++) {
      lab.extension.kill();
      await lab.extension.advance(6_000);
      expect(lab.extension.life).toBeDefined();
    }
    expect(page.problems, "it is not a failure").toEqual([]);
  });

  it("to a worker that does not start is tried four times, then the request fails; and watched tasks go on later", async () => {
    const lab = extensionLab();
    const { main } = lab.extension;
    lab.extension.main = () => undefined;
    lab.extension.lastError = { message: "Receiving end does not exist." };
    const page = lab.page();
    const seen = watched(page.client);
    const refusal = expect(page.client.list()).rejects.toMatchObject({
      constructor: ExtensionError,
      code: "unreachable",
      message: expect.stringContaining("Receiving end does not exist."),
    });
    await lab.extension.advance(10_000);
    await refusal;
    expect(page.problems.length).toBeGreaterThanOrEqual(4);
    lab.extension.main = main;
    lab.extension.kill();
    await lab.extension.advance(60_000);
    await lab.page().client.callTool("papers", "report");
    await settled();
    expect(seen.length).toBeGreaterThan(0);
  });

  it("to a worker that dies of every message is not opened faster and faster", async () => {
    const lab = extensionLab();
    let starts = 0;
    const { main } = lab.extension;
    lab.extension.main = (life) => {
      starts++;
      main(life);
      life.onConnect.addListener((port) => port.onMessage.addListener(() => lab.extension.kill()));
    };
    const page = lab.page();
    await expect(Promise.all([page.client.list(), lab.extension.advance(60_000)])).rejects.toMatchObject({
      code: "unreachable",
    });
    expect(starts).toBeLessThanOrEqual(6);
  });

  it("of an extension that is gone rejects, and is not tried for ever by a request", async () => {
    const lab = extensionLab();
    const browser = lab.extension.page();
    const gone = {
      runtime: {
        connect: (): never => {
          throw new Error("Extension context invalidated.");
        },
      },
    };
    expect(browser.runtime.id).toBeDefined();
    const page = lab.page({ browser: gone });
    const refusal = expect(page.client.endpoints()).rejects.toMatchObject({ code: "unreachable" });
    await lab.clock.advance(10_000);
    await refusal;
    await lab.clock.advance(600_000);
    expect(page.problems).toHaveLength(4);
  });
});

describe("errors travel as what they are", () => {
  it("an endpoint that is not there", async () => {
    const lab = extensionLab();
    await expect(lab.page().client.callTool("other", "report")).rejects.toMatchObject({
      constructor: UnknownEndpointError,
      endpoint: "other",
      known: ["papers"],
    });
  });

  it("a server that cannot be reached, and one that refuses the call", async () => {
    let fails = true;
    const server = serverOf(SESSION_2026, (method) => (method === "tools/list" ? { tools: [] } : undefined));
    const lab = extensionLab({
      endpoints: (life) => async () => ({
        papers: life.connector({
          renewable: false,
          async connect(...given) {
            if (fails) throw new RequestFailedError("connect", { kind: "network", message: "ECONNREFUSED" });
            return server.connect(...given);
          },
        }),
      }),
    });
    const { client } = lab.page();
    await expect(client.listTools("papers")).rejects.toMatchObject({
      constructor: RequestFailedError,
      method: "connect",
      failure: { kind: "network", message: "ECONNREFUSED" },
    });
    fails = false;
    await expect(client.callTool("papers", "report", {}, { id: "a" })).rejects.toMatchObject({
      constructor: TaskFailedError,
      failure: { reason: "rpc", rpc: { code: -32601 } },
      task: { id: "a", endpoint: "papers", tool: "report" },
    });
  });

  it("what nobody foresaw", async () => {
    const lab = extensionLab({ endpoints: () => () => Promise.reject(new Error("No settings")) });
    await expect(lab.page().client.list()).rejects.toMatchObject({
      constructor: ExtensionError,
      code: "failed",
      message: "Error: No settings",
    });
    await settled();
    expect(lab.problems[0]).toMatchObject({ kind: "wake" });
  });
});
