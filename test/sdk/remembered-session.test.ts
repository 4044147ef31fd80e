import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { type MakeAppClient, v1Client, v2Client } from "./app-client.ts";
import { type EverythingServer, startEverythingServer } from "./everything-server.ts";
import { Wire } from "./wire.ts";

let server: EverythingServer;

beforeAll(async () => {
  server = await startEverythingServer();
});

afterAll(() => server.stop());

const MAJORS: readonly [string, MakeAppClient][] = [
  ["a v1 Client", v1Client],
  ["a v2 Client", v2Client],
];

describe.each(MAJORS)("%s on a later page, made with the remembered session", (_name, make) => {
  test("completes the earlier page's task without a new handshake", async () => {
    const store = memoryStore();

    const earlier = make(server.url, new Wire().fetch);
    await earlier.connect();
    const pageOne = new TaskClient({ store, endpoints: { server: earlier.connector } });
    const begun = await pageOne.callTool("server", "simulate-research-query", { topic: "kelp" });
    const { id, taskId } = begun.view;
    await pageOne.close();
    await earlier.close();

    const wire = new Wire();
    const later = make(server.url, wire.fetch);
    const pageTwo = new TaskClient({ store, endpoints: { server: later.connector } });
    const session = await pageTwo.rememberedSession("server");
    expect(session?.sessionId).toEqual(expect.any(String));
    await later.connect(session);
    const [task] = await pageTwo.resume();

    expect(task?.id).toBe(id);
    expect(task?.view.taskId).toBe(taskId);
    expect((await task?.result())?.content[0]?.text).toContain("# Research Report: kelp");
    expect(wire.methods[0]).toBe("tasks/get");
    expect(new Set(wire.methods)).toEqual(new Set(["tasks/get", "tasks/result"]));
    for (const { headers } of wire.sent) expect(headers.get("mcp-session-id")).toBe(session?.sessionId);
    // The Client is an ordinary one in the same session.
    expect(await later.callTool("echo", { message: "again" })).toEqual({
      content: [{ type: "text", text: "Echo: again" }],
    });
    await pageTwo.close();
    await later.close();
  });
});
