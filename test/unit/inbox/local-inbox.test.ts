import { beforeEach, describe, expect, it } from "vitest";
import { inboxOf } from "../../../src/inbox/index.ts";
import type { Delivery, Task, TaskClient, TaskInbox } from "../../../src/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { type Lab, type LabParts, lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { rpcError } from "../../fixtures/failures.ts";
import { FakeBrowser } from "../../fixtures/fake-browser.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { settledRecord, T0 } from "../../fixtures/records.ts";

let clock: FakeClock;
let store: TaskStore;

beforeEach(() => {
  clock = new FakeClock(T0);
  store = { ...memoryStore(), scope: "app" };
});

function lab(parts: LabParts = {}): Lab {
  return lab2026({ store, clock, ...parts });
}

/** Starts a task that its server accepts. */
async function start({ client, server }: Lab, notify?: readonly string[]): Promise<Task> {
  const calling = client.callTool("lab", "report", {}, { notify });
  await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
  return calling;
}

const inbox = (client: TaskClient): TaskInbox => inboxOf(client, { clock });

async function poll({ server }: Lab, task: object): Promise<void> {
  await clock.advance(5_000);
  await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(task));
}

const asking = { ...wire2026.inputRequired, inputRequests: { name: wire2026.inputRequests.name } };
const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ id }) => id);

describe("an end", () => {
  it("is undelivered from the outcome on until it is acknowledged, for each addressee", async () => {
    const one = lab();
    const task = await start(one, ["chat", "phone"]);
    expect(task.view.addressees).toEqual(["chat", "phone"]);
    expect(await inbox(one.client).undelivered({ addressee: "chat" })).toEqual([]);
    await poll(one, wire2026.completed);
    const [delivery, ...more] = await inbox(one.client).undelivered({ addressee: "chat" });
    expect(more).toEqual([]);
    expect(delivery).toMatchObject({ id: task.id, addressee: "chat" });
    expect(delivery?.task.view.status).toBe("completed");
    if (!delivery) return;
    expect(await inbox(one.client).acknowledge(delivery)).toBe(true);
    expect(await inbox(one.client).undelivered({ addressee: "chat" })).toEqual([]);
    expect(idsOf(await inbox(one.client).undelivered({ addressee: "phone" }))).toEqual([task.id]);
    expect(await inbox(one.client).undelivered({ addressee: "nobody" })).toEqual([]);
  });

  it("is delivered to a later process, whose first look comes after the end", async () => {
    const one = lab();
    const task = await start(one, ["chat"]);
    await poll(one, wire2026.completed);
    await one.client.close();
    const next = lab();
    const [delivery] = await inbox(next.client).undelivered({ addressee: "chat" });
    expect(delivery?.id).toBe(task.id);
    expect(await delivery?.task.result()).toMatchObject({ content: expect.anything() });
  });

  it("is acknowledged once, by one of many tabs", async () => {
    const browser = new FakeBrowser();
    const tabs = [browser.openTab(), browser.openTab(), browser.openTab()].map((tab) => lab({ tabs: tab }));
    for (const { client } of tabs) await client.resume();
    const [first] = tabs;
    if (!first) return;
    await start(first, ["chat"]);
    await poll(first, wire2026.completed);
    const seen = await Promise.all(
      tabs.map(({ client }) => inbox(client).undelivered({ addressee: "chat" })),
    );
    expect(seen.map(({ length }) => length)).toEqual([1, 1, 1]);
    const acknowledge = (): Promise<boolean[]> =>
      Promise.all(
        tabs.map(async ({ client }, index) => {
          const [delivery] = seen[index] ?? [];
          return delivery !== undefined && (await inbox(client).acknowledge(delivery));
        }),
      );
    const answers = await acknowledge();
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await acknowledge(), "each receipt is answered as before").toEqual(answers);
  });

  it("notifies the subscribers of every tab, who find it undelivered", async () => {
    const browser = new FakeBrowser();
    const [one, two] = [lab({ tabs: browser.openTab() }), lab({ tabs: browser.openTab() })];
    await one.client.resume();
    await two.client.resume();
    const found: string[] = [];
    two.client.subscribe((task) => {
      if (task.view.outcome)
        void inbox(two.client)
          .undelivered({ addressee: "chat" })
          .then((all) => found.push(...idsOf(all)));
    });
    const task = await start(one, ["chat"]);
    await poll(one, wire2026.completed);
    await settled();
    expect(found).toEqual([task.id]);
  });

  it("is in nobody's inbox once its task is deleted, and cannot be acknowledged then", async () => {
    const { client, ...rest } = lab();
    await start({ client, ...rest }, ["chat"]);
    await poll({ client, ...rest }, wire2026.completed);
    const [delivery] = await inbox(client).undelivered({ addressee: "chat" });
    if (!delivery) throw new Error("Nothing is undelivered");
    await client.forget(delivery.task.id);
    expect(await inbox(client).undelivered({ addressee: "chat" })).toEqual([]);
    expect(await inbox(client).acknowledge(delivery)).toBe(false);
  });

  it("writes nothing beside the record for a call without addressees", async () => {
    const one = lab();
    await start(one);
    await poll(one, wire2026.completed);
    expect(await store.deliveries?.load()).toEqual([]);
    expect(JSON.stringify(await store.loadSettled())).not.toContain("addressees");
  });
});

describe("a question", () => {
  it("is undelivered while it is open, and the end is undelivered after it", async () => {
    const one = lab();
    const task = await start(one, ["chat"]);
    await poll(one, asking);
    const [question] = await inbox(one.client).undelivered({ addressee: "chat" });
    expect(question).toMatchObject({ id: `${task.id}/name`, question: { key: "name" } });
    if (!question) return;
    expect(await inbox(one.client).acknowledge(question)).toBe(true);
    expect(await inbox(one.client).undelivered({ addressee: "chat" })).toEqual([]);
    await one.client.close();
    const next = lab();
    await next.client.resume();
    expect(await inbox(next.client).undelivered({ addressee: "chat" }), "after a reload too").toEqual([]);
    await (await next.server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(idsOf(await inbox(next.client).undelivered({ addressee: "chat" }))).toEqual([task.id]);
  });
});

describe("a lease", () => {
  it("hides a delivery from other takers until it ends; the next delivery has the same id", async () => {
    const [one, two] = [lab(), lab()];
    const task = await start(one, ["chat"]);
    await poll(one, wire2026.completed);
    const wish = { addressee: "chat", leaseMs: 30_000 };
    const [mine] = await inbox(one.client).undelivered(wish);
    expect(mine?.id).toBe(task.id);
    expect(await inbox(two.client).undelivered(wish)).toEqual([]);
    await clock.advance(10_000);
    expect(await inbox(two.client).undelivered({ addressee: "chat" }), "a look shows it").toMatchObject([
      { id: task.id, leasedForMs: 20_000 },
    ]);
    // The first taker dies.
    await clock.advance(20_000);
    const [free] = await inbox(two.client).undelivered({ addressee: "chat" });
    expect(free).not.toHaveProperty("leasedForMs");
    const [theirs] = await inbox(two.client).undelivered(wish);
    expect(theirs?.id).toBe(task.id);
    expect(theirs?.receipt).not.toBe(mine?.receipt);
    if (!mine || !theirs) return;
    expect(await inbox(two.client).acknowledge(theirs)).toBe(true);
    expect(await inbox(one.client).acknowledge(mine)).toBe(false);
    await clock.advance(60_000);
    expect(await inbox(one.client).undelivered(wish)).toEqual([]);
  });

  it("returns the same deliveries again to the receipt that has them: a reply may have been lost", async () => {
    const one = lab();
    await start(one, ["chat"]);
    await poll(one, wire2026.completed);
    const wish = { addressee: "chat", leaseMs: 30_000, receipt: "r-1" };
    const first = await inbox(one.client).undelivered(wish);
    expect(idsOf(await inbox(one.client).undelivered(wish))).toEqual(idsOf(first));
    expect(first).toHaveLength(1);
  });

  it("of one task is taken before its end: others get neither its questions nor its end, and the holder gets both", async () => {
    const [one, two] = [lab(), lab()];
    const task = await start(one, ["chat", "phone"]);
    const mine = { addressee: "chat", leaseMs: 30_000, receipt: "mine", task: task.id };
    const wish = { addressee: "chat", leaseMs: 30_000 };
    expect(await inbox(one.client).undelivered(mine)).toEqual([]);
    await poll(one, asking);
    expect(await inbox(two.client).undelivered(wish)).toEqual([]);
    const phone = { ...wish, addressee: "phone" };
    expect(idsOf(await inbox(two.client).undelivered(phone)), "another addressee").toEqual([
      `${task.id}/name`,
    ]);
    expect(idsOf(await inbox(one.client).undelivered(mine))).toEqual([`${task.id}/name`]);
    await poll(one, wire2026.completed);
    expect(task.view.status).toBe("completed");
    expect(await inbox(two.client).undelivered(wish)).toEqual([]);
    expect(idsOf(await inbox(one.client).undelivered(mine))).toEqual([task.id]);
    // The holder dies.
    await clock.advance(30_000);
    expect(idsOf(await inbox(lab().client).undelivered(wish))).toEqual([task.id]);
    expect(await inbox(one.client).undelivered(mine)).toEqual([]);
  });

  it("of one task takes nothing for an addressee that it does not name, and nothing of a deleted task", async () => {
    const one = lab();
    const task = await start(one, ["chat"]);
    const wish = { leaseMs: 30_000, task: task.id };
    expect(await inbox(one.client).undelivered({ addressee: "phone", ...wish })).toEqual([]);
    expect(await inbox(one.client).undelivered({ addressee: "chat", ...wish, task: "unknown" })).toEqual([]);
    expect(await store.deliveries?.load()).toEqual([]);
    await inbox(one.client).notify(task, "phone");
    await inbox(one.client).undelivered({ addressee: "phone", ...wish });
    await poll(one, wire2026.completed);
    expect(await inbox(one.client).undelivered({ addressee: "phone", leaseMs: 1 })).toEqual([]);
    expect(idsOf(await inbox(one.client).undelivered({ addressee: "phone", task: task.id }))).toEqual([
      task.id,
    ]);
  });

  it("of 250 ends, one call returns 100; the next ones return the others", async () => {
    const one = lab();
    for (let count = 0; count < 250; count++)
      await store.save(settledRecord({ id: `t-${count}`, addressees: ["chat"], createdAt: T0 + count }));
    const seen: string[] = [];
    for (const expected of [100, 100, 50, 0]) {
      const taken = await inbox(one.client).undelivered({ addressee: "chat", leaseMs: 1_000 });
      expect(taken).toHaveLength(expected);
      seen.push(...idsOf(taken));
    }
    expect(new Set(seen).size).toBe(250);
  });
});

describe("notify()", () => {
  it("adds an addressee to a running task, and to one that has ended", async () => {
    const one = lab();
    const task = await start(one);
    await inbox(one.client).notify(task, "chat");
    await one.client.close();
    const next = lab();
    await next.client.resume();
    await (await next.server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(idsOf(await inbox(next.client).undelivered({ addressee: "chat" }))).toEqual([task.id]);
    const [found] = await next.client.list();
    await inbox(next.client).notify(found as Task, "phone");
    expect(idsOf(await inbox(next.client).undelivered({ addressee: "phone" }))).toEqual([task.id]);
  });

  it("rejects for a plain call, which is not stored, and for unfit names", async () => {
    const { client, server } = lab2025({ store, clock });
    await client.listTools("lab");
    const task = await client.start("lab", "plain");
    await server.expect("tools/call");
    await expect(inbox(client).notify(task, "chat")).rejects.toThrow("plain call");
    await expect(client.start("lab", "plain", {}, { notify: [""] })).rejects.toThrow(TypeError);
  });

  it("rejects where the store has no inbox", async () => {
    const { deliveries: _none, ...bare } = memoryStore();
    const { client } = lab2026({ store: bare, clock });
    await expect(inbox(client).undelivered({ addressee: "chat" })).rejects.toThrow(TypeError);
  });
});

describe("a plain call with addressees", () => {
  it.each([
    [
      "completes",
      (arrival: Awaited<ReturnType<Lab["server"]["expect"]>>) => arrival.reply(wire2025.toolResult),
    ],
    ["fails", (arrival: Awaited<ReturnType<Lab["server"]["expect"]>>) => arrival.fail(rpcError(-32603))],
  ])("stays in the store when it %s, and its end is delivered after a reload", async (_how, end) => {
    const one = lab2025({ store, clock });
    await one.client.listTools("lab");
    const task = await one.client.start("lab", "plain", {}, { notify: ["chat"] });
    await end(await one.server.expect("tools/call"));
    await one.client.close();
    const next = lab2025({ store, clock });
    expect(idsOf(await inbox(next.client).undelivered({ addressee: "chat" }))).toEqual([task.id]);
  });

  it("is delivered as lost if its page ends before the reply", async () => {
    const one = lab2025({ store, clock });
    const task = await one.client.start("lab", "plain", {}, { notify: ["chat"] });
    await one.server.expect("tools/call");
    await one.client.close();
    const next = lab2025({ store, clock });
    await next.client.resume();
    await settled();
    const [delivery] = await inbox(next.client).undelivered({ addressee: "chat" });
    expect(delivery?.id).toBe(task.id);
    expect(delivery?.task.view.outcome?.kind).toBe("lost");
  });
});
