import { describe, expect, it } from "vitest";
import { TaskClient, type TaskClientOptions } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { scriptedServer } from "../../../src/testing/index.ts";
import { testHost } from "../../fixtures/test-host.ts";

const server = scriptedServer({ push: false });
const papers = server.connector();
server.tool("report", async (task) => {
  await task.wait(5_000);
  return "done";
});

/** Options as JavaScript may give them, whatever the types say. */
const clientOf = (unfit: object): TaskClient =>
  new TaskClient({
    store: memoryStore(),
    endpoints: { papers },
    host: testHost({ clock: server.clock }),
    ...unfit,
  } as TaskClientOptions);

describe("a TaskClient", () => {
  it.each([
    ["requestTimeoutMs", { requestTimeoutMs: Number.NaN }],
    ["requestTimeoutMs", { requestTimeoutMs: 0 }],
    ["requestTimeoutMs", { requestTimeoutMs: "60000" }],
    ["timing.minPollMs", { timing: { minPollMs: Number.NaN } }],
    ["timing.maxPollMs", { timing: { maxPollMs: -1 } }],
    ["timing.backoffMs", { timing: { backoffMs: "1 s" } }],
  ])("throws a TypeError that names %s where it is %o", (name, unfit) => {
    expect(() => clientOf(unfit)).toThrow(TypeError);
    expect(() => clientOf(unfit)).toThrow(`${name} must be a number of ms`);
  });

  it.each([
    ["https://papers.example/mcp"],
    [new URL("https://papers.example/mcp")],
    [undefined],
    [null],
    [{}],
  ])("throws a TypeError that names the endpoint where it is %s, and not a connector", (endpoint) => {
    expect(() => clientOf({ endpoints: { papers, archive: endpoint } })).toThrow(TypeError);
    expect(() => clientOf({ endpoints: { archive: endpoint } })).toThrow(/"archive".*fromUrl/);
  });

  it("has its defaults where an option is undefined, so that tasks are polled", async () => {
    const timing = { minPollMs: undefined, maxPollMs: undefined, backoffMs: undefined };
    const retention = { ms: undefined, count: undefined };
    const client = clientOf({ timing, retention, requestTimeoutMs: undefined });
    const task = await server.clock.until(client.callTool("papers", "report"));
    expect((await server.clock.until(task.result())).content[0]?.text).toBe("done");
    await client.close();
  });

  it.each([
    ["ttlMs", { ttlMs: Number.NaN }],
    ["ttlMs", { ttlMs: -1 }],
    ["timeoutMs", { timeoutMs: Number.NaN }],
    ["timeoutMs", { timeoutMs: 0 }],
  ])(
    "rejects a call with a TypeError that names %s where it is %o, and sends nothing",
    async (name, unfit) => {
      const client = clientOf({});
      const before = server.count("tools/call");
      const refused = expect(client.callTool("papers", "report", {}, unfit)).rejects;
      await refused.toThrow(`${name} must be a number of ms`);
      expect(server.count("tools/call")).toBe(before);
      await client.close();
    },
  );
});
