import type { DurableTasks, LentTool } from "holdfast/durable-object";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CallLease } from "../../../worker/group/call-lease.ts";
import type { HeldCalls } from "../../../worker/group/held-calls.ts";
import { LENT_CALL_MS, LENT_MS, LentTools } from "../../../worker/group/lent-tools.ts";
import { ask } from "../directory/directory-lab.ts";

const NOW = 1_800_000_000_000;
const TOOL = {} as LentTool;
const tasks = { lend: async () => TOOL } as unknown as DurableTasks;

/** What the directory lends each time it is asked; none once it is empty. */
let lends: number[];
/** How many lent calls the group counted when it asked. */
let asked: number[];
let tools: LentTools;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  lends = [];
  asked = [];
  const lend: CallLease["lend"] = async (_ask, most, lent) => {
    asked.push(lent);
    return Math.min(most, lends.shift() ?? 0);
  };
  tools = new LentTools({
    lease: { lend } as CallLease,
    held: () => ({ keys: () => [] }) as unknown as HeldCalls,
    isReachable: () => true,
  });
});

afterEach(() => {
  vi.useRealTimers();
});

function ended(spare = 0, tookMs = 1) {
  return tools.lend(tasks, { id: "papers.0.1", tool: "look_up", admission: ask(), tookMs, spare });
}

it("a tool is lent from its second call within 10 s on, and its next calls are asked for before they are needed", async () => {
  lends = [300, 300, 300];
  expect(await ended()).toBeUndefined();
  expect(await ended()).toEqual({ lent: TOOL, calls: 300, held: [] });
  await vi.waitFor(() => expect(asked).toEqual([0, 300]));
  tools.made(225);
  expect(await ended(75)).toMatchObject({ calls: 300 });
  await vi.waitFor(() => expect(asked).toEqual([0, 300, 375]));
  expect(tools.inFlight()).toBe(375 + 300);
});

it("an isolate never has more than 512 calls", async () => {
  lends = [512, 512];
  await ended();
  expect(await ended(500)).toMatchObject({ calls: 12 });
  expect(await ended(512)).toMatchObject({ calls: 0 });
});

it("a directory that has no calls to lend is not asked for each call", async () => {
  await ended();
  for (let call = 0; call < 20; call++) expect(await ended()).toMatchObject({ calls: 0 });
  expect(asked).toHaveLength(1);
  lends = [10];
  vi.setSystemTime(NOW + 1_001);
  expect(await ended()).toMatchObject({ calls: 10 });
});

it("calls that were lent count as in flight until they were made, or can be made no longer", async () => {
  lends = [40];
  await ended();
  await ended();
  tools.made(15);
  expect(tools.inFlight()).toBe(25);
  vi.setSystemTime(NOW + LENT_MS);
  expect(tools.inFlight()).toBe(0);
});

it("a slow tool is not lent for a minute, and asks for no calls", async () => {
  lends = [40];
  await ended();
  await ended(0, LENT_CALL_MS + 1);
  expect(await ended()).toBeUndefined();
  expect(asked).toEqual([]);
});
