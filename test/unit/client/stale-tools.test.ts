import { describe, expect, it } from "vitest";
import { TaskFailedError } from "../../../src/index.ts";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { http, rpcError } from "../../fixtures/failures.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";

const tool = (name: string, taskSupport?: string) => ({
  name,
  inputSchema: { type: "object" },
  ...(taskSupport && { execution: { taskSupport } }),
});

describe("what was remembered of a tool may be out of date", () => {
  it("-32601: the tools are asked anew, and the call is made once more by what they say now", async () => {
    const { client, server, store } = lab2025();
    server.tools = [tool("report", "optional")];
    await client.listTools("lab");
    server.tools = [tool("report", "forbidden")];
    const calling = client.callTool("lab", "report");
    const first = await server.expect("tools/call");
    expect(first.params.task).toEqual({});
    await first.fail(rpcError(-32601, "Tasks are forbidden here"));
    const second = await server.expect("tools/call");
    expect(second.params).not.toHaveProperty("task");
    expect(second.params.name).toBe("report");
    await second.reply(wire2025.toolResult);
    expect((await calling).view.status).toBe("completed");
    expect(server.lists).toBe(2);
    expect(await store.loadActive()).toEqual([]);
    expect(await store.loadSettled(), "the refused call left nothing").toEqual([]);
  });

  it("-32601: the other way round, a tool that now requires a task", async () => {
    const { client, server } = lab2025();
    server.tools = [tool("report")];
    await client.listTools("lab");
    server.tools = [tool("report", "required")];
    const calling = client.callTool("lab", "report");
    await (await server.expect("tools/call")).fail(rpcError(-32601));
    const second = await server.expect("tools/call");
    expect(second.params.task).toEqual({});
    await second.reply(wire2025.createTaskResult);
    expect((await calling).view.taskId).toBe(wire2025.TASK_ID);
  });

  it("a queued call made as plain that has to become a task is stored before it is sent again", async () => {
    const { client, server, store, clock } = lab2025();
    server.tools = [tool("report")];
    const calling = client.callTool("lab", "report");
    const first = await server.expect("tools/call");
    expect(await store.loadActive(), "a plain call is not kept").toEqual([]);
    server.tools = [tool("report", "required")];
    await first.fail({ kind: "network", message: "No connection", unsent: true });
    await clock.advance(1_000);
    const second = await server.expect("tools/call");
    expect(second.params.task).toEqual({});
    expect(await store.loadActive()).toMatchObject([{ stage: "calling", call: { asTask: true } }]);
    await second.reply(wire2025.createTaskResult);
    expect((await calling).view.taskId).toBe(wire2025.TASK_ID);
    expect(await store.loadActive()).toMatchObject([{ stage: "running", taskId: wire2025.TASK_ID }]);
  });

  it("a subscriber sees one call, which never fails", async () => {
    const { client, server } = lab2025();
    server.tools = [tool("report")];
    await client.listTools("lab");
    server.tools = [tool("report", "required")];
    const seen: string[] = [];
    client.subscribe(({ view: { id, status } }) => seen.push(`${id} ${status}`));
    const calling = client.callTool("lab", "report", {}, { id: "a" });
    await (await server.expect("tools/call")).fail(rpcError(-32601));
    const [handle] = await client.resume();
    await (await server.expect("tools/call")).reply(wire2025.createTaskResult);
    expect(await calling).toBe(handle);
    expect(new Set(seen)).toEqual(new Set(["a calling", "a queued", "a working"]));
  });

  it("with tools that cannot be listed now, the call waits in the queue until they can", async () => {
    const { client, server, clock } = lab2025();
    server.tools = [tool("report", "optional")];
    await client.listTools("lab");
    server.tools = { kind: "network", message: "gone" };
    const seen: string[] = [];
    client.subscribe(({ view: { status } }) => seen.push(status));
    const calling = client.callTool("lab", "report");
    await (await server.expect("tools/call")).fail(rpcError(-32601));
    expect(seen.at(-1)).toBe("queued");
    server.tools = [tool("report")];
    await clock.advance(2_000);
    const second = await server.expect("tools/call");
    expect(second.params).not.toHaveProperty("task");
    await second.reply(wire2025.toolResult);
    expect((await calling).view.status).toBe("completed");
  });

  it("with tools that the server does not list any more, its refusal is the end", async () => {
    const { client, server } = lab2025();
    server.tools = [tool("report", "optional")];
    await client.listTools("lab");
    server.tools = http(403);
    const refusal = expect(client.callTool("lab", "report")).rejects.toThrow("failed: No (-32601)");
    await (await server.expect("tools/call")).fail(rpcError(-32601));
    await refusal;
  });

  it("-32020: the headers are made anew (streamable-http, Client Behavior)", async () => {
    const { client, server } = lab2026();
    server.tools = [tool("execute_sql")];
    await client.listTools("lab");
    server.tools = [wire2026.executeSqlTool];
    const calling = client.callTool("lab", "execute_sql", { region: "us-west1" });
    const first = await server.expect("tools/call");
    expect(first.frame).not.toHaveProperty("headers");
    await first.fail(rpcError(-32020, "Header mismatch"));
    const second = await server.expect("tools/call");
    expect(second.frame.headers).toEqual({ "Mcp-Param-Region": "us-west1" });
    await second.reply(wire2026.callResult);
    await calling;
  });

  it("a second refusal is the answer", async () => {
    const { client, server } = lab2026();
    await client.listTools("lab");
    const calling = client.callTool("lab", "plain");
    const refusal = expect(calling).rejects.toBeInstanceOf(TaskFailedError);
    await (await server.expect("tools/call")).fail(rpcError(-32601));
    await (await server.expect("tools/call")).fail(rpcError(-32601));
    await refusal;
    expect(server.methods).toEqual(["tools/call", "tools/call"]);
  });

  it("facts that were only just asked are not asked again", async () => {
    const { client, server } = lab2026();
    const calling = client.callTool("lab", "plain");
    const refusal = expect(calling).rejects.toBeInstanceOf(TaskFailedError);
    await (await server.expect("tools/call")).fail(rpcError(-32601));
    await refusal;
    expect(server.lists).toBe(1);
    expect(server.methods).toEqual(["tools/call"]);
  });

  it.each([-32602, -32603, -32000])("%i refuses the call itself: it is not made again", async (code) => {
    const { client, server } = lab2026();
    await client.listTools("lab");
    const calling = client.callTool("lab", "plain");
    const refusal = expect(calling).rejects.toBeInstanceOf(TaskFailedError);
    await (await server.expect("tools/call")).fail(rpcError(code));
    await refusal;
    expect(server.methods).toEqual(["tools/call"]);
  });

  it("notifications/tools/list_changed: the next call asks anew", async () => {
    const { client, server } = lab2026();
    await client.listTools("lab");
    server.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
    await settled();
    const calling = client.callTool("lab", "plain");
    await (await server.expect("tools/call")).reply(wire2026.callResult);
    await calling;
    expect(server.lists).toBe(2);
  });
});
