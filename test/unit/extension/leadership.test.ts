import { describe, expect, it } from "vitest";
import { type Connection, type Connector, TaskClient } from "../../../src/index.ts";
import { testHost } from "../../fixtures/test-host.ts";
import { type ExtensionLab, extensionLab, heldCalls, INTERVAL_MS, RESULT, slowed } from "./extension-lab.ts";

/** A page of the extension that makes a client of its own, on the worker's store and endpoints. */
function ownClient({ extension, store, server }: ExtensionLab) {
  const life = extension.openPage();
  const methods: string[] = [];
  const counted: Connector = {
    renewable: false,
    async connect(events, remembered) {
      const connection = await server.connector.connect(events, remembered);
      const request: Connection["request"] = (frame, options) => {
        methods.push(frame.method);
        return connection.request(frame, options);
      };
      return { ...connection, request };
    },
  };
  const client = new TaskClient({
    store: life.store(store),
    host: testHost({ clock: life.clock, tabs: life.tabs }),
    push: false,
    endpoints: { papers: life.connector(counted) },
  });
  return { client, life, methods };
}

const LEADER = "holdfast/app/papers/leader";

describe("a page of the extension with a client of its own", () => {
  it("does not poll beside the worker that leads, and sees the task's end", async () => {
    const lab = extensionLab();
    const { id } = await lab.page().client.callTool("papers", "report");
    const page = ownClient(lab);
    const [task] = await page.client.resume();
    expect(task?.id).toBe(id);
    await lab.extension.advance(16_000);
    expect(await task?.result()).toEqual(RESULT);
    expect(page.methods).toEqual([]);
    expect(lab.server.times("tasks/get")).toBe(3);
  });

  it("goes on when the leading worker is stopped, at the server's pace, and one of the two alone polls from then on", async () => {
    const lab = extensionLab({ alarmFloorMs: 30_000 });
    lab.server.durationMs = 100_000;
    const { client } = lab.page();
    await client.callTool("papers", "report");
    await client.close();
    const page = ownClient(lab);
    const [task] = await page.client.resume();
    await lab.extension.advance(7_000);
    lab.extension.kill();
    await lab.extension.advance(0);
    expect(lab.extension.browser.holder(LEADER)).toBe(page.life.tab);
    // The alarm starts the worker beside the page again and again.
    await lab.extension.advance(100_000);
    expect(lab.extension.lives).toBeGreaterThan(1);
    expect(await task?.result()).toEqual(RESULT);
    expect(lab.server.shortestPause).toBeGreaterThanOrEqual(INTERVAL_MS);
    expect(lab.server.times("tasks/get")).toBeLessThanOrEqual(20);
  });

  it("is stopped while it leads: the worker that follows goes on at the server's pace, woken by the alarm that stayed", async () => {
    const lab = extensionLab({ alarmFloorMs: 30_000 });
    lab.server.durationMs = 200_000;
    const page = ownClient(lab);
    await page.client.resume();
    const asking = lab.page();
    const { id } = await asking.client.callTool("papers", "report");
    await asking.client.close();
    await lab.extension.advance(12_000);
    expect(lab.extension.browser.holder(LEADER)).toBe(page.life.tab);
    expect(page.methods, "the page leads, and polls").toContain("tasks/get");
    lab.extension.kill();
    await lab.extension.advance(90_000);
    expect(lab.hasAlarm, "for a page that may be closed").toBe(true);
    lab.extension.kill();
    page.life.die();
    const polls = page.methods.length;
    await lab.extension.advance(200_000);
    expect(page.methods).toHaveLength(polls);
    expect(await (await lab.page().client.get(id))?.result()).toEqual(RESULT);
    expect(lab.server.times("tools/call")).toBe(1);
    expect(lab.server.shortestPause).toBeGreaterThanOrEqual(INTERVAL_MS);
    expect(lab.problems).toEqual([]);
  });

  it("does not take a plain call for lost that the worker is still making", async () => {
    const { calls, finish } = heldCalls();
    const lab = extensionLab({
      generation: "2025-11-25",
      endpoints:
        (life, { connector }) =>
        async () => ({ papers: life.connector(slowed(connector, calls)) }),
    });
    const [first, second] = [ownClient(lab), ownClient(lab)];
    await first.client.resume();
    await second.client.resume();
    const calling = lab.page().client.callTool("papers", "plain");
    await lab.extension.advance(1_000);
    expect(lab.unfinished.size).toBe(1);
    // The other page comes to lead, and finds a call without a reply.
    first.life.die();
    await lab.extension.advance(1_000);
    expect(lab.extension.browser.holder(LEADER)).toBe(second.life.tab);
    await lab.extension.advance(10_000);
    expect(lab.unfinished.size).toBe(1);
    finish();
    expect(await (await calling).result()).toEqual(RESULT);
    expect(second.methods).toEqual([]);
  });
});
