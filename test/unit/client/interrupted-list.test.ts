import { describe, expect, it } from "vitest";
import type { RequestFailure } from "../../../src/engine/request-failure.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { type Lab, lab2025 } from "../../fixtures/client-lab.ts";
import { http, network, rpcError, timeout } from "../../fixtures/failures.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { working } from "../../fixtures/messages-2025-11-25.ts";
import { callingRecord, T0 } from "../../fixtures/records.ts";
import type { Arrival } from "../../fixtures/scripted-server.ts";

/** A client that looks for calls that an earlier process lost. */
async function searching(...ids: readonly string[]): Promise<Lab> {
  const store = memoryStore();
  for (const id of ids)
    await store.save(callingRecord({ id, generation: "2025-11-25", call: { recovery: "list" } }));
  const lab = lab2025({ store });
  await lab.client.resume();
  return lab;
}

/** Page `page` of a list, counted from 0, of `pages`. */
function pageOf(page: number, pages: number, ...taskIds: readonly string[]): JsonObject {
  const tasks = taskIds.map((taskId) => ({ ...working, taskId, createdAt: new Date(T0).toISOString() }));
  return { tasks, ...(page + 1 < pages && { nextCursor: `${page + 1}` }) };
}

async function nextList({ server, clock }: Lab): Promise<{ arrival: Arrival; page: number }> {
  for (let second = 0; second < 7_200 && server.arrivals.length === 0; second++) await clock.advance(1_000);
  const arrival = await server.expect("tasks/list");
  return { arrival, page: Number(arrival.params.cursor ?? 0) };
}

describe("a search of tasks/list that fails between two pages", () => {
  it.each([
    ["the connection", network],
    ["a timeout", timeout],
    ["a gateway", http(502)],
    ["HTTP 503 with Retry-After", http(503, 60_000)],
    ["HTTP 429", http(429)],
  ])("goes on at the page that failed: %s", async (_what, failure) => {
    const lab = await searching("lost");
    await (await nextList(lab)).arrival.reply(pageOf(0, 3, "t1"));
    await (await nextList(lab)).arrival.fail(failure);
    const { arrival, page } = await nextList(lab);
    expect(page).toBe(1);
    await arrival.reply(pageOf(1, 3));
    const last = await nextList(lab);
    expect(last.page).toBe(2);
    await last.arrival.reply(pageOf(2, 3));
    // The pages of the first attempt count.
    expect((await lab.client.get("lost"))?.view.taskId).toBe("t1");
    await lab.client.close();
  });

  it.each([
    ["refuses its cursor", rpcError(-32602, "Invalid cursor")],
    ["fails at it", http(500)],
  ])("begins anew when the server %s, and ends after five attempts", async (_what, failure) => {
    const lab = await searching("lost");
    const asked: number[] = [];
    const outcome = async () => (await lab.client.get("lost"))?.view.outcome;
    while ((await outcome()) === undefined) {
      const { arrival, page } = await nextList(lab);
      asked.push(page);
      await (page === 0 ? arrival.reply(pageOf(0, 2, "t1")) : arrival.fail(failure));
    }
    expect(asked).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    expect(await outcome()).toMatchObject({ kind: "lost" });
    await lab.client.close();
  });

  it("begins anew when its first page is more than five minutes old: it may have changed", async () => {
    const lab = await searching("lost");
    await (await nextList(lab)).arrival.reply(pageOf(0, 2));
    await (await nextList(lab)).arrival.fail(http(503, 5 * 60_000));
    const { arrival, page } = await nextList(lab);
    expect(page).toBe(0);
    await arrival.reply(pageOf(0, 1, "t1"));
    expect((await lab.client.get("lost"))?.view.taskId).toBe("t1");
    await lab.client.close();
  });

  it("is not joined by a call that was lost later: that call's task may be on a page that was read before", async () => {
    const lab = await searching("early");
    await (await nextList(lab)).arrival.reply(pageOf(0, 2));
    const late = await lab.client.start("lab", "report");
    await settled();
    const { server } = lab;
    const call = server.arrivals.findIndex(({ method }) => method === "tools/call");
    const [[made]] = [server.arrivals.splice(call, 1)];
    await (await nextList(lab)).arrival.fail(network);
    await made?.fail(network);
    // Each asks when its own backoff ends.
    const asked: number[] = [];
    for (const _turn of ["early", "late"]) {
      const { arrival, page } = await nextList(lab);
      asked.push(page);
      await arrival.reply(page === 0 ? pageOf(0, 1, "t1", "t2") : pageOf(1, 2, "t1"));
    }
    expect(asked.sort()).toEqual([0, 1]);
    // Either task may be of either call.
    expect(late.view.taskId).toBeUndefined();
    await lab.client.close();
  });

  it("serves all calls that it began for, though each asks again in its own time", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `lost-${index}`);
    const lab = await searching(...ids);
    await (await nextList(lab)).arrival.reply(pageOf(0, 2));
    await (await nextList(lab)).arrival.fail(network);
    const { arrival, page } = await nextList(lab);
    expect(page).toBe(1);
    await arrival.reply(pageOf(1, 2));
    // Until the first of them, who found nothing, asks anew.
    const views = async () => Promise.all(ids.map(async (id) => (await lab.client.get(id))?.view.retry));
    for (let step = 0; step < 20 && lab.server.arrivals.length === 0; step++) await lab.clock.advance(50);
    const messages = (await views()).map((retry) => retry?.failure.message);
    expect(messages.filter((message) => message?.includes("the server lists no task"))).toHaveLength(20);
    await lab.client.close();
  });

  it("does not back off further with each page that fails while others come", async () => {
    const PAGES = 40;
    const lab = await searching("lost");
    const began = lab.clock.now();
    const failures: readonly (RequestFailure | undefined)[] = [network, undefined];
    for (let page = 0, turn = 0; page < PAGES; turn++) {
      const asked = await nextList(lab);
      expect(asked.page).toBe(page);
      const failure = failures[turn % 2];
      await (failure ? asked.arrival.fail(failure) : asked.arrival.reply(pageOf(page++, PAGES, "t1")));
    }
    expect((await lab.client.get("lost"))?.view.taskId).toBe("t1");
    // One to two seconds each, where 40 failures in a row would back off for half an hour.
    expect(lab.clock.now() - began).toBeLessThan(PAGES * 3_000);
    await lab.client.close();
  });
});
