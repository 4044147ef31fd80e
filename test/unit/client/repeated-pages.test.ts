import { describe, expect, it } from "vitest";
import { readPages } from "../../../src/channel/pages.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import { lab2025 } from "../../fixtures/client-lab.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { rpc } from "../../fixtures/scripted-server.ts";

const TWO = [
  { key: "a", page: 1 },
  { key: "b", page: 1 },
];

/** Reads a list whose pages name these cursors. */
async function listing(cursors: readonly (string | undefined)[]) {
  const asked: (string | undefined)[] = [];
  const read = async (cursor: string | undefined) => {
    const nextCursor = cursors[asked.push(cursor) - 1];
    return { items: TWO, ...(nextCursor !== undefined && { nextCursor }) };
  };
  return { asked, ...(await readPages("things/list", read, ({ key }) => key)) };
}

describe("readPages()", () => {
  it("reads to the page without a cursor, and says nothing of it", async () => {
    expect(await listing(["1", "2", undefined])).toEqual({ asked: [undefined, "1", "2"], items: TWO });
  });

  it.each([
    ["the same cursor", ["x", "x"], 2],
    ["an empty cursor", ["", ""], 2],
    ["cursors in a ring", ["x", "y", "x"], 3],
  ])("ends where the server names %s again, and says so", async (_what, cursors, requests) => {
    const { asked, items, cut } = await listing(cursors);
    expect(asked).toHaveLength(requests);
    expect(items).toEqual(TWO);
    expect(cut).toContain("again");
  });

  it("reads 64 pages at most, and says so", async () => {
    const { asked, cut } = await listing(Array.from({ length: 100 }, (_, page) => String(page)));
    expect(asked).toHaveLength(64);
    expect(cut).toBe("things/list has more than 64 pages: the rest is left out");
  });
});

/** A client whose call has got no reply in an earlier process. */
async function afterLostCall() {
  const first = lab2025();
  const calling = first.client.callTool("lab", "report").catch(() => undefined);
  await first.server.expect("tools/call");
  await first.client.close();
  await calling;
  const lab = lab2025({ store: first.store, clock: first.clock });
  const [task] = await lab.client.resume();
  return { ...lab, task };
}

function listedAt(ms: number, taskId: string): JsonObject {
  const at = new Date(ms).toISOString();
  return { taskId, status: "working", createdAt: at, lastUpdatedAt: at, ttl: null };
}

describe("a lost call that is not in the pages that are read", () => {
  it("is lost, and the outcome says how many tasks were read of the list", async () => {
    const { client, server, clock, task } = await afterLostCall();
    const longAgo = clock.now() - 86_400_000;
    for (let attempt = 0; attempt < 5; attempt++) {
      for (let page = 0; page < 64; page++)
        await (await server.expect("tasks/list")).reply({
          tasks: [listedAt(longAgo, `a${page}`), listedAt(longAgo, `b${page}`)],
          nextCursor: String(page),
        });
      await clock.advance(3_600_000);
    }
    expect(task?.view.outcome).toEqual({
      kind: "lost",
      detail:
        "The call got no usable reply, and the server lists no task for it (the first 128 tasks were read, and it lists more)",
    });
    await client.close();
  });
});

describe("a lost call that tasks/list names twice", () => {
  it("is found: one id is one task", async () => {
    const { client, server, problems, clock, task } = await afterLostCall();
    const listed = listedAt(clock.now(), "t");
    for (const _page of [1, 2]) {
      await (await server.expect("tasks/list")).reply({ tasks: [listed, listed], nextCursor: "same" });
    }
    await settled();
    expect(task?.view.taskId).toBe("t");
    expect(problems).toMatchObject([{ kind: "incomplete-list", endpoint: "lab" }]);
    server.arrivals.at(0)?.fail(rpc(-1));
    await client.close();
  });
});
