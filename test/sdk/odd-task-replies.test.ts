import { describe, expect, test } from "vitest";
import { DONE, wireTask } from "./bare-server.ts";
import { CONNECTORS, clientOf, serverOf } from "./quirks.ts";

describe.each(CONNECTORS)("%s", (_name, connect) => {
  test("a task that begins in a status nobody knows is followed to its end", async () => {
    const server = await serverOf({
      "tools/call": () => ({ task: wireTask("t1", "warming up") }),
      "tasks/get": () => wireTask("t1", "completed"),
      "tasks/result": () => DONE,
    });
    const task = await clientOf(connect(server.url)).callTool("server", "slow");
    expect(await task.result()).toEqual(DONE);
    expect(server.of("tools/call")).toHaveLength(1);
  });

  test("a result that lies in the task is its result, where tasks/result is not known", async () => {
    const server = await serverOf({
      "tools/call": () => ({ task: wireTask("t1", "working") }),
      "tasks/get": () => wireTask("t1", "completed", { result: DONE }),
    });
    const task = await clientOf(connect(server.url)).callTool("server", "slow");
    expect(await task.result()).toEqual(DONE);
  });

  test("a task that its server forgot is lost, in whatever words and code the server says so", async () => {
    const server = await serverOf({
      "tools/call": () => ({ task: wireTask("t1", "working") }),
      "tasks/get": ({ id, response }) => {
        const error = { code: 0, message: "Task t1 not found" };
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ jsonrpc: "2.0", id, error }));
        return undefined;
      },
    });
    const task = await clientOf(connect(server.url)).callTool("server", "slow");
    await expect(task.result()).rejects.toThrow(/no longer knows task t1: Task t1 not found/);
  });
});
