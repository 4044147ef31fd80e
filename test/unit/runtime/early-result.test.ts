import { describe, expect, it } from "vitest";
import { lab2025 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { HeldStore } from "../../fixtures/held-store.ts";
import * as wire from "../../fixtures/messages-2025-11-25.ts";

/** A task of 2025-11-25 that runs, in a store whose writes wait from now on. */
async function running() {
  const store = new HeldStore();
  store.holding = false;
  const lab = lab2025({ store });
  const calling = lab.client.callTool("lab", "report");
  await (await lab.server.expect("tools/call")).reply(wire.createTaskResult);
  const task = await calling;
  store.holding = true;
  const { TASK_ID, completed } = wire;
  const end = (): void =>
    void lab.server.send({
      jsonrpc: "2.0",
      method: "notifications/tasks/status",
      params: { ...completed, taskId: TASK_ID },
    });
  return { ...lab, store, task, end };
}

describe("the result of a task that has ended (2025-11-25)", () => {
  it("is asked for while the end is written, and is in the app after one more write", async () => {
    const { server, store, task, end } = await running();
    end();
    await settled();
    expect(store.held.map(({ record }) => record?.stage)).toEqual(["running"]);
    await (await server.expect("tasks/result")).reply(wire.toolResultOfTask);
    // Nothing is published before it is durable.
    expect(task.view.outcome).toBeUndefined();
    await store.take().release();
    await settled();
    await store.take().release();
    await settled();
    expect(task.view.outcome?.kind).toBe("completed");
    expect(server.methods.filter((method) => method === "tasks/result")).toHaveLength(1);
  });

  it("is asked for once where its reply comes after the write", async () => {
    const { server, store, task, end } = await running();
    end();
    await settled();
    await store.take().release();
    await settled();
    store.holding = false;
    await (await server.expect("tasks/result")).reply(wire.toolResultOfTask);
    expect(task.view.outcome?.kind).toBe("completed");
    expect(server.methods.filter((method) => method === "tasks/result")).toHaveLength(1);
  });

  it("is asked for once where the store fails to write the end", async () => {
    const { server, store, task, end } = await running();
    end();
    await settled();
    const asked = await server.expect("tasks/result");
    store.take().fail(new Error("The disk is full"));
    await settled();
    store.holding = false;
    await asked.reply(wire.toolResultOfTask);
    expect(task.view.outcome?.kind).toBe("completed");
    expect(server.methods.filter((method) => method === "tasks/result")).toHaveLength(1);
  });
});
