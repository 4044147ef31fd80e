import { beforeEach, describe, expect, it } from "vitest";
import type { TaskRecord } from "../../../src/engine/record.ts";
import { InputError, type Task, TaskFailedError } from "../../../src/index.ts";
import type { TabPlatform } from "../../../src/runtime/tab-platform.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import type { TaskStore } from "../../../src/store/task-store.ts";
import { type Lab, lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import { QUOTA } from "../../fixtures/failing-store.ts";
import { http, network, rpcError } from "../../fixtures/failures.ts";
import { FakeBrowser, type FakeTab } from "../../fixtures/fake-browser.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { runningRecord, T0 } from "../../fixtures/records.ts";
import { ScriptedServer, SESSION_2026 } from "../../fixtures/scripted-server.ts";

interface TabLab extends Lab {
  readonly tab: FakeTab;
}

let browser: FakeBrowser;
let clock: FakeClock;
let store: TaskStore;

beforeEach(() => {
  browser = new FakeBrowser();
  clock = new FakeClock(T0);
  store = { ...memoryStore(), scope: "app" };
});

/** A tab with a client, in which the page has started. All tabs have one store, each its own connection and its own way to it. */
async function openTab(labOf: typeof lab2026 = lab2026, ownWay: TaskStore = store): Promise<TabLab> {
  const tab = browser.openTab();
  const lab = { ...labOf({ store: ownWay, clock, tabs: tab }), tab };
  await lab.client.resume();
  return lab;
}

async function start({ client, server }: Lab): Promise<Task> {
  const calling = client.callTool("lab", "plain");
  await (await server.expect("tools/call")).reply(wire2026.createTaskResult);
  return calling;
}

/** Waits for the next poll in this tab and answers it. */
async function poll({ server }: Lab, task: object): Promise<void> {
  await clock.advance(5_000);
  await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(task));
}

/** What a full disk does with a write. */
const refuse = (): Promise<never> => Promise.reject(QUOTA);

/** The store, whose writes of outcomes reach the disk only then, even if their tab is gone by that time. */
function writingOutcomesAfter(landing: Promise<void>): TaskStore {
  return {
    ...store,
    save: (record) => (record.outcome ? landing : settled()).then(() => store.save(record)),
  };
}

function moment(): { readonly come: () => void; readonly coming: Promise<void> } {
  let come = (): void => undefined;
  const coming = new Promise<void>((resolve) => {
    come = resolve;
  });
  return { come: () => come(), coming };
}

/** What a page shows of its one task, one after the other. */
function watch({ client }: Lab): string[] {
  const seen: string[] = [];
  client.subscribe(({ view: { status, snapshot } }) => {
    const shown = snapshot?.statusMessage ?? status;
    if (seen.at(-1) !== shown) seen.push(shown);
  });
  return seen;
}

/** The tab, while the news that its lock was stolen has not come: browsers send it when they get to it. */
function unawareOfThefts(tab: FakeTab): TabPlatform {
  const never = new Promise<never>(() => undefined);
  return {
    locks: {
      request: (name, options, callback) => tab.locks.request(name, options, callback).catch(() => never),
    },
    openChannel: (name) => tab.openChannel(name),
    visible: () => tab.visible(),
    onVisible: (callback) => tab.onVisible(callback),
  };
}

const minute = (at: string, statusMessage: string): object => ({
  ...wire2026.working,
  statusMessage,
  lastUpdatedAt: `2025-11-25T11:${at}:00Z`,
});
const asking = { ...wire2026.inputRequired, inputRequests: { name: wire2026.inputRequests.name } };

describe("two tabs", () => {
  it("no tab is notified of a rejected call that is made once more", async () => {
    const [one, two] = [await openTab(), await openTab()];
    await one.client.listTools("lab");
    const seen = watch(two);
    const calling = one.client.callTool("lab", "plain", {}, { id: "a" });
    await (await one.server.expect("tools/call")).fail(rpcError(-32601));
    await (await one.server.expect("tools/call")).reply(wire2026.createTaskResult);
    expect((await calling).view.status).toBe("working");
    await settled();
    expect(seen).not.toContain("failed");
    expect((await two.client.list()).map(({ view: { id, status } }) => `${id} ${status}`)).toEqual([
      "a working",
    ]);
  });

  it("a rejection that is final reaches a tab that knew of the call", async () => {
    const [one, two] = [await openTab(), await openTab()];
    await one.client.listTools("lab");
    const refused = expect(one.client.callTool("lab", "plain", {}, { id: "a" })).rejects.toThrow(
      TaskFailedError,
    );
    const call = await one.server.expect("tools/call");
    const known = await two.client.get("a");
    expect(known?.view.status).toBe("calling");
    await call.fail(http(404));
    await refused;
    await expect(known?.result()).rejects.toThrow(TaskFailedError);
  });

  it("one polls, and both see every update and the result", async () => {
    const [leader, follower] = [await openTab(), await openTab()];
    const shown = { leader: watch(leader), follower: watch(follower) };
    const task = await start(leader);
    const other = await follower.client.get(task.id);
    await poll(leader, minute("01", "half"));
    await poll(leader, minute("02", "nearly"));
    await poll(leader, wire2026.completed);
    const all = [wire2026.working.statusMessage, "half", "nearly", "completed"];
    expect(shown).toEqual({ leader: ["queued", "calling", ...all], follower: all });
    expect(await other?.result()).toEqual(wire2026.toolResult);
    expect(follower.server.methods).toEqual([]);
  });

  it("both know when it is polled next, and a poll that brings nothing new wakes nobody", async () => {
    const [leader, follower] = [await openTab(), await openTab()];
    const task = await start(leader);
    const other = await follower.client.get(task.id);
    const due = T0 + (wire2026.working.pollIntervalMs ?? 0);
    expect([task.nextPollAt, other?.nextPollAt]).toEqual([due, due]);
    expect(task.latest.nextPollAt).toBe(due);
    await poll(leader, wire2026.working);
    let woken = 0;
    for (const handle of [task, other]) handle?.subscribe(() => woken++);
    await clock.advance(5_000);
    const asked = await leader.server.expect("tasks/get");
    expect(task.nextPollAt, "a poll is in flight").toBeUndefined();
    await asked.reply(wire2026.getTaskResult(wire2026.working));
    await settled();
    expect(task.nextPollAt).toBe(due + 10_000);
    expect(woken).toBe(0);
    await poll(leader, { ...wire2026.working, statusMessage: "half" });
    expect([task.nextPollAt, other?.nextPollAt]).toEqual([due + 15_000, due + 15_000]);
    await poll(leader, wire2026.completed);
    expect([task.nextPollAt, other?.nextPollAt]).toEqual([undefined, undefined]);
  });

  it("all tabs are notified when one forgets a settled task, and no tab when the task stays", async () => {
    const [leader, follower] = [await openTab(), await openTab()];
    const gone: string[] = [];
    for (const [name, { client }] of Object.entries({ leader, follower })) {
      client.subscribe(
        () => undefined,
        (id) => gone.push(`${name} ${id}`),
      );
    }
    const task = await start(leader);
    await follower.client.forget(task.id);
    await poll(leader, wire2026.completed);
    await settled();
    expect(gone).toEqual([]);
    await follower.client.forget(task.id);
    await settled();
    expect(gone.sort()).toEqual([`follower ${task.id}`, `leader ${task.id}`]);
    expect([await leader.client.list(), await follower.client.list()]).toEqual([[], []]);
  });

  it("a call of the follower is sent by it, and polled by the leader", async () => {
    const [leader, follower] = [await openTab(), await openTab()];
    const task = await start(follower);
    await poll(leader, minute("01", "half"));
    expect(task.view.snapshot?.statusMessage).toBe("half");
    await poll(leader, wire2026.completed);
    expect(await task.result()).toEqual(wire2026.toolResult);
    expect(follower.server.methods).toEqual(["tools/call"]);
    expect(leader.server.methods).toEqual(["tasks/get", "tasks/get"]);
  });

  it("a question is answered in the follower, and the leader sends the answer, once", async () => {
    const [leader, follower] = [await openTab(), await openTab()];
    const task = await start(follower);
    await poll(leader, asking);
    expect(task.view.inputRequests).toMatchObject([{ key: "name" }]);
    await task.answer("name", wire2026.inputResponses.name);
    expect(await store.load(task.id)).toMatchObject({
      inputs: [{ response: wire2026.inputResponses.name }],
    });
    const update = await leader.server.expect("tasks/update");
    expect(update.params.inputResponses).toEqual({ name: wire2026.inputResponses.name });
    await update.reply(wire2026.acknowledgement);
    expect(task.view.inputRequests).toEqual([]);
    expect(follower.server.methods).toEqual(["tools/call"]);
  });

  it("of two answers in two tabs one is accepted, and the other tab receives an error", async () => {
    const [leader, follower] = [await openTab(), await openTab()];
    const task = await start(follower);
    await poll(leader, asking);
    const other = await leader.client.get(task.id);
    const results = await Promise.allSettled([
      other?.answer("name", wire2026.inputResponses.name),
      task.answer("name", { action: "decline" }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await (await leader.server.expect("tasks/update")).reply(wire2026.acknowledgement);
    await settled();
    expect(leader.server.methods.filter((method) => method === "tasks/update")).toHaveLength(1);
  });

  it("a task is cancelled in the follower, and the leader notifies the server", async () => {
    const [leader, follower] = [await openTab(), await openTab()];
    const task = await start(follower);
    await task.cancel();
    expect(await store.load(task.id)).toMatchObject({ cancel: { requestedAt: T0 } });
    await (await leader.server.expect("tasks/cancel")).reply(wire2026.acknowledgement);
    await poll(leader, wire2026.cancelled);
    expect(task.view.status).toBe("cancelled");
    expect(follower.server.methods).toEqual(["tools/call"]);
  });

  it.each<[string, (lab: TabLab) => unknown]>([
    ["is closed", ({ client }) => client.close()],
    ["is killed", ({ tab }) => tab.kill()],
  ])("when the leader %s, the other polls on at once", async (_how, end) => {
    const [leader, heir] = [await openTab(), await openTab()];
    const task = await start(heir);
    await end(leader);
    await settled();
    await (await heir.server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(await task.result()).toEqual(wire2026.toolResult);
    expect(clock.now()).toBe(T0);
  });

  it("a hidden leader stops polling when a visible tab takes over, and still shows the task", async () => {
    const [leader, visible] = [await openTab(), await openTab()];
    const task = await start(leader);
    leader.tab.hide();
    await clock.advance(3_000);
    await (await visible.server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.working));
    await poll(visible, wire2026.completed);
    expect(leader.server.methods).toEqual(["tools/call"]);
    expect(task.view.status).toBe("completed");
  });

  it("one that was frozen shows what it missed when it is looked at again", async () => {
    const [leader, frozen] = [await openTab(), await openTab()];
    const task = await start(frozen);
    // The clock runs on for it. A frozen tab is hidden, and watches no leader.
    frozen.tab.hide();
    frozen.tab.kill();
    await poll(leader, minute("01", "half"));
    expect(task.view.snapshot?.statusMessage, "it received nothing").toBe(wire2026.working.statusMessage);
    frozen.tab.show();
    await settled();
    expect(task.view.snapshot?.statusMessage).toBe("half");
  });

  it("a call whose tab is killed before the reply is never sent by the other: it is lost, not repeated", async () => {
    const [leader, caller] = [await openTab(), await openTab()];
    const shown = watch(leader);
    caller.client.callTool("lab", "plain").catch(() => undefined);
    await caller.server.expect("tools/call");
    await clock.advance(60_000);
    expect(shown, "while its tab lives it is the tab's").toEqual([]);
    caller.tab.kill();
    await settled();
    expect(shown).toEqual(["lost"]);
    expect(leader.server.methods).toEqual([]);
  });

  it("a call of a leader that does not know yet that it was replaced is found when that tab is killed", async () => {
    const tab = browser.openTab();
    const former = lab2026({ store, clock, tabs: unawareOfThefts(tab) });
    await former.client.resume();
    const leader = await openTab();
    const shown = watch(leader);
    tab.hide();
    await clock.advance(3_000);
    expect(browser.holder("holdfast/app/lab/leader")).toBe(leader.tab);
    former.client.callTool("lab", "plain").catch(() => undefined);
    await former.server.expect("tools/call");
    tab.kill();
    await settled();
    expect(shown).toEqual(["lost"]);
  });

  it("a question that the new leader received is answered in a tab that does not know yet that it was replaced", async () => {
    const tab = browser.openTab();
    const former = { ...lab2026({ store, clock, tabs: unawareOfThefts(tab) }), tab };
    await former.client.resume();
    const task = await start(former);
    const leader = await openTab();
    tab.hide();
    await clock.advance(3_000);
    await (await leader.server.expect("tasks/get")).reply(wire2026.getTaskResult(asking));
    await settled();
    await task.answer("name", wire2026.inputResponses.name);
    expect(await store.load(task.id)).toMatchObject({ inputs: [{ response: wire2026.inputResponses.name }] });
  });

  it("a tab that loses the lead while it reads the store does not resume any task", async () => {
    await store.save(runningRecord());
    let finish = (): void => undefined;
    const read = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const slow: TaskStore = { ...store, loadActive: () => read.then(() => store.loadActive()) };
    const tab = browser.openTab();
    const first = lab2026({ store: slow, clock, tabs: tab });
    void first.client.resume();
    await settled();
    tab.hide();
    const second = await openTab();
    await clock.advance(3_000);
    expect(browser.holder("holdfast/app/lab/leader")).toBe(second.tab);
    await second.server.expect("tasks/get");
    finish();
    await settled();
    expect(first.server.methods).toEqual([]);
  });

  it("what a dying leader wrote last is seen by those who follow, though its heir finds nothing to do", async () => {
    const landing = moment();
    const leader = await openTab(lab2026, writingOutcomesAfter(landing.coming));
    const reading = { ...store, loadActive: () => landing.coming.then(() => store.loadActive()) };
    const heir = lab2026({ store: reading, clock, tabs: browser.openTab() });
    void heir.client.resume();
    await settled();
    const third = await openTab();
    const task = await start(leader);
    const other = await third.client.get(task.id);
    await poll(leader, wire2026.completed);
    leader.tab.kill();
    await settled();
    expect(other?.view.status, "it is not on the disk yet").toBe("working");
    landing.come();
    expect(await other?.result()).toEqual(wire2026.toolResult);
    expect(heir.server.methods).toEqual([]);
  });

  it("and so is what lands after its heir has read", async () => {
    const landing = moment();
    const leader = await openTab(lab2026, writingOutcomesAfter(landing.coming));
    const heir = await openTab();
    const third = await openTab();
    const task = await start(leader);
    const other = await third.client.get(task.id);
    await poll(leader, wire2026.completed);
    leader.tab.kill();
    const asked = await heir.server.expect("tasks/get");
    landing.come();
    await settled();
    expect(await store.load(task.id)).toMatchObject({ stage: "settled" });
    await asked.reply(wire2026.getTaskResult(minute("01", "half")));
    expect(await other?.result()).toEqual(wire2026.toolResult);
  });

  it("and what lands when its tab no longer leads, from that tab", async () => {
    const landing = moment();
    const leader = await openTab(lab2026, writingOutcomesAfter(landing.coming));
    const heir = await openTab();
    const task = await start(leader);
    const other = await heir.client.get(task.id);
    await poll(leader, wire2026.completed);
    leader.tab.hide();
    await clock.advance(3_000);
    const asked = await heir.server.expect("tasks/get");
    landing.come();
    expect(await task.result()).toEqual(wire2026.toolResult);
    expect(await other?.result()).toEqual(wire2026.toolResult);
    await settled(); // The heir reads the record before it stops running the task.
    expect(asked.options.signal?.aborted, "its reply no longer matters").toBe(true);
  });

  it("a time the server named is kept to, though what said so was not written because another tab had been", async () => {
    const tab = await openTab();
    const { server } = tab;
    const task = await start(tab);
    const record = (await store.load(task.id)) as TaskRecord;
    await store.save({ ...record, rev: record.rev + 1, polledAt: T0 });
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).fail(http(429, 60_000));
    await clock.advance(59_000);
    expect(server.arrivals).toEqual([]);
    await clock.advance(7_000);
    await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
    expect(await task.result()).toEqual(wire2026.toolResult);
  });

  it("a leader elected while the first write of a call failed resumes its task once its tab is gone", async () => {
    const [refusing, landing] = [moment(), moment()];
    const failing: TaskStore = {
      ...store,
      save: (record, base) =>
        record.stage === "running"
          ? landing.coming.then(() => store.save(record, base))
          : refusing.coming.then(refuse),
    };
    const caller = await openTab(lab2026, failing);
    await caller.client.listTools("lab");
    void caller.client.callTool("lab", "plain");
    await settled();
    const leader = await openTab();
    caller.tab.hide();
    await clock.advance(3_000);
    refusing.come();
    await (await caller.server.expect("tools/call")).reply(wire2026.createTaskResult);
    landing.come();
    caller.tab.kill();
    await clock.advance(1_000);
    await poll(leader, wire2026.completed);
  });

  it("a first write that lands after its tab and the lock of its call are gone is found by the leader", async () => {
    const landing = moment();
    const late: TaskStore = {
      ...store,
      save: (record, base) =>
        record.stage === "running" ? landing.coming.then(() => store.save(record, base)) : refuse(),
    };
    const leader = await openTab();
    const caller = await openTab(lab2026, late);
    void caller.client.callTool("lab", "plain");
    await (await caller.server.expect("tools/call")).reply(wire2026.createTaskResult);
    caller.tab.kill();
    await settled();
    landing.come();
    await settled();
    await clock.advance(1_000);
    await poll(leader, wire2026.completed);
  });

  it("a call that was answered at once is not a task for a tab that read its record before", async () => {
    const caller = await openTab();
    const landing = moment();
    const late = async (): Promise<readonly unknown[]> => {
      const read = await store.loadActive();
      await landing.coming;
      return read;
    };
    const opening = lab2026({ store: { ...store, loadActive: late }, clock, tabs: browser.openTab() });
    const calling = caller.client.callTool("lab", "plain");
    const call = await caller.server.expect("tools/call");
    const resuming = opening.client.resume();
    await settled();
    await call.reply(wire2026.callResult);
    expect((await calling).view.status).toBe("completed");
    await settled();
    landing.come();
    expect(await resuming).toEqual([]);
  });

  it("a call that asked first leaves its outcome, so that an answer which comes too late does not make it again", async () => {
    const tab = browser.openTab();
    const former = lab2026({ store, clock, tabs: unawareOfThefts(tab) });
    await former.client.resume();
    const leader = await openTab();
    tab.hide();
    await clock.advance(3_000);
    const calling = leader.client.callTool("lab", "plain");
    const { name } = wire2026.inputRequests;
    const question = { ...wire2026.inputRequiredResult, inputRequests: { name } };
    await (await leader.server.expect("tools/call")).reply(question);
    const task = await calling;
    const other = await former.client.get(task.id);
    await task.answer("name", wire2026.inputResponses.name);
    const tooLate = other?.answer("name", { action: "decline" }).catch((error: unknown) => error);
    await (await leader.server.expect("tools/call")).reply(wire2026.callResult);
    expect(await tooLate).toBeInstanceOf(InputError);
    expect(former.server.methods).toEqual([]);
    expect(await store.load(task.id)).toMatchObject({ outcome: { kind: "completed" } });
  });

  it("agree on one session with the server, and remember it together", async () => {
    const [one, two] = [await openTab(), await openTab()];
    const calls = [one.client.callTool("lab", "plain"), two.client.callTool("lab", "plain")];
    await (await one.server.expect("tools/call")).reply(wire2026.createTaskResult);
    await (await two.server.expect("tools/call")).reply({ ...wire2026.createTaskResult, taskId: "other" });
    await Promise.all(calls);
    expect([one.server.connects, two.server.connects]).toEqual([1, 1]);
    expect(one.server.handshakes + two.server.handshakes).toBe(1);
  });

  it("2025-11-25: a question that reaches the follower's connection is answered through the leader", async () => {
    const [leader, follower] = [await openTab(lab2025), await openTab(lab2025)];
    const calling = follower.client.callTool("lab", "report");
    await (await follower.server.expect("tools/call")).reply(wire2025.createTaskResult);
    const task = await calling;
    expect(follower.server.send(wire2025.elicitRequest)).toBe(true);
    await settled();
    expect(task.view.inputRequests).toHaveLength(1);
    await task.answer(task.view.inputRequests[0]?.key ?? "", wire2025.elicitResult);
    await settled();
    expect(leader.server.responses).toEqual([
      { id: 7, result: { ...wire2025.elicitResult, _meta: wire2025.RELATED } },
    ]);
    expect(follower.server.responses).toEqual([]);
  });

  it("2025-11-25: a question that names the task of another tab's call waits for the reply here, and goes to that tab", async () => {
    const [leader, follower] = [await openTab(lab2025), await openTab(lab2025)];
    const elsewhere = leader.client.callTool("lab", "report");
    const theirs = await leader.server.expect("tools/call");
    follower.server.renewable = true; // The transport is the tab's own.
    const here = follower.client.callTool("lab", "report");
    const own = await follower.server.expect("tools/call");
    // The server names a task that no tab knows yet, on the session's stream.
    const taken = follower.server.send(wire2025.elicitRequest);
    await settled();
    const asked = (await follower.client.list()).flatMap(({ view: { inputRequests } }) => inputRequests);
    expect(asked).toEqual([]);
    await theirs.reply(wire2025.createTaskResult);
    const task = await elsewhere;
    await own.reply({ task: { ...wire2025.working, taskId: "another-task" } });
    await here;
    expect(await taken).toBe(true);
    await settled();
    expect(task.view.inputRequests).toHaveLength(1);
  });
});

describe("a call that is stored later than it was made", () => {
  it("is resumed by the leader when its tab ends, though its first write failed", async () => {
    let refused = 0;
    const full: TaskStore = {
      ...store,
      save: async (record, base) => {
        if (refused++ === 0) throw new Error("The quota is exceeded");
        return store.save(record, base);
      },
    };
    const maker = await openTab(lab2026, full);
    maker.server.refusals.push(...Array.from({ length: 50 }, () => network));
    const task = await maker.client.start("lab", "plain");
    expect(await store.loadActive()).toEqual([]);
    maker.tab.hide();
    const leader = await openTab();
    await clock.advance(3_000);
    expect(await store.loadActive(), "the new leader found nothing to resume").toEqual([]);
    // Its retry is stored after a while, and then its tab is gone.
    while ((await store.loadActive()).length === 0) await clock.advance(1_000);
    maker.tab.kill();
    await clock.advance(3_000);
    const call = await leader.server.expect("tools/call");
    await call.reply(wire2026.createTaskResult);
    await settled();
    expect((await leader.client.get(task.id))?.view.taskId).toBe(wire2026.TASK_ID);
  });

  it("is shown to end in every tab that found it queued, plain as it is", async () => {
    const maker = await openTab(lab2025);
    await maker.client.listTools("lab");
    const calling = maker.client.callTool("lab", "plain");
    const first = await maker.server.expect("tools/call");
    await first.fail({ kind: "network", message: "No connection", unsent: true });
    await settled();
    const other = await openTab(lab2025);
    const [seen] = await other.client.list();
    expect(seen?.view.status).toBe("queued");
    await clock.advance(1_000);
    await (await maker.server.expect("tools/call")).reply(wire2025.toolResult);
    await calling;
    expect(await seen?.result()).toEqual(wire2025.toolResult);
  });
});

it("an answer given while the client closes is refused, not dropped", async () => {
  const { client, server } = await openTab();
  const calling = client.callTool("lab", "plain");
  await (await server.expect("tools/call")).reply(wire2026.inputRequiredResult);
  const task = await calling;
  const [question] = task.view.inputRequests;
  const answering = task.answer(question?.key ?? "", { action: "decline" });
  const closing = client.close();
  const settledAs = await answering.then(
    () => "durable",
    (error: Error) => error.name,
  );
  await closing;
  const [stored] = (await store.loadActive()) as TaskRecord[];
  const durable = stored?.inputs.some(({ response }) => response !== undefined);
  expect(settledAs).toBe(durable ? "durable" : "ClientClosedError");
});

it("tabs that know different servers each lead for their own", async () => {
  const [one, two] = [new ScriptedServer(SESSION_2026), new ScriptedServer(SESSION_2026)];
  const first = lab2026({ store, clock, tabs: browser.openTab(), endpoints: { one } });
  const second = lab2026({ store, clock, tabs: browser.openTab(), endpoints: { two } });
  await first.client.resume();
  await second.client.resume();
  const task = second.client.callTool("two", "plain");
  await (await two.expect("tools/call")).reply(wire2026.createTaskResult);
  await clock.advance(5_000);
  await (await two.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.completed));
  expect(await (await task).result()).toEqual(wire2026.toolResult);
  expect(one.methods).toEqual([]);
  expect(first.problems).toEqual([]);
});

it("a store without a scope makes every client count as alone", async () => {
  store = memoryStore();
  const [one, two] = [await openTab(), await openTab()];
  await start(one);
  await start(two);
  await clock.advance(5_000);
  expect([one.server.methods, two.server.methods]).toEqual([
    ["tools/call", "tasks/get"],
    ["tools/call", "tasks/get"],
  ]);
});
