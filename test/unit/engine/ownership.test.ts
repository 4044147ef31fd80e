import { describe, expect, it } from "vitest";
import { CLAIMS, claimOf, type Leadership, type Part } from "../../../src/engine/claim.ts";
import {
  type Epoch,
  isUndecided,
  joiningTab,
  leads,
  type OwnershipEvent,
  type OwnershipState,
  own,
  ROLES,
  type Role,
  type Row,
  TABLE,
} from "../../../src/engine/ownership.ts";
import { queuedRecord, runningRecord } from "../../fixtures/records.ts";

const LOCK = 7;
const at = (time: number, by = "me"): Epoch => ({ at: time, by });

function tab(role: Role, change: Partial<OwnershipState> = {}): OwnershipState {
  return { ...joiningTab("me"), role, lock: LOCK, epoch: at(100), ...change };
}

/** An event for each row of the table, from the view of a tab whose epoch is 100. */
const EVENTS: Readonly<Record<Row, OwnershipEvent>> = {
  granted: { type: "granted", request: 8, now: 50 },
  refused: { type: "refused" },
  stolen: { type: "lost", request: LOCK },
  missed: { type: "lost", request: 6 },
  resumed: { type: "resumed", request: LOCK },
  watch: { type: "watch", visible: true, now: 5_000, within: 1_000 },
  alive: { type: "alive", now: 5_000 },
  silent: { type: "silent", visible: true },
  hidden: { type: "silent", visible: false },
  unanswered: { type: "unanswered" },
  later: { type: "heard", epoch: at(101, "other"), asLeader: false },
  earlier: { type: "heard", epoch: at(99, "other"), asLeader: true },
  pinged: { type: "pinged" },
  offered: { type: "offered" },
  asked: { type: "asked", runs: false, epoch: at(100) },
  askedOwn: { type: "asked", runs: true, epoch: at(99) },
  askedBefore: { type: "asked", runs: false, epoch: at(99) },
  closed: { type: "closed" },
};

const CELLS = (Object.keys(TABLE) as Row[]).flatMap((row) => ROLES.map((role) => [row, role] as const));

describe("the table of ownership", () => {
  it("has a cell for each event in each role", () => {
    expect(Object.keys(TABLE).sort()).toEqual(Object.keys(EVENTS).sort());
    for (const cells of Object.values(TABLE)) expect(cells).toHaveLength(ROLES.length);
  });

  it.each(CELLS)("%s × %s", (row, role) => {
    const before = tab(role);
    const { state, commands, stale } = own(before, EVENTS[row]);
    const [to = role, ...expected] = TABLE[row][ROLES.indexOf(role)] ?? [];
    expect([state.role, commands], "does what its cell says").toEqual([to, expected]);
    expect(ROLES).toContain(state.role);
    expect(stale, "only a leader of an earlier epoch does not count").toBe(row === "earlier");
    const [led, leadsNow] = [leads(before), leads(state)];
    // Who begins to lead has been granted the lock, has an epoch later than all it knows, says so, and resumes the tasks.
    if (!led && leadsNow) expect([row, commands]).toEqual(["granted", ["declare", "enter"]]);
    // A tab that no longer leads yields its tasks, and waits for the lock again. A closing tab releases its lock.
    if (led && !leadsNow)
      expect(commands).toEqual(
        expect.arrayContaining(role === "closed" || row === "closed" ? ["release"] : ["yield", "queue"]),
      );
    if (!led) expect(commands, "only a leader has tasks to yield").not.toContain("yield");
    for (const command of ["adopt", "pong", "announce"] as const)
      if (commands.includes(command)) expect(leadsNow, `only a leader may ${command}`).toBe(true);
    if (commands.includes("act")) expect(leadsNow || row === "askedOwn", "acts on what it runs").toBe(true);
    if (commands.includes("steal"))
      expect(role, "takes nothing from itself, nor twice").not.toMatch(/taking|entering|leading/);
    if (role === "closed") {
      expect(state.role, "closed is the end").toBe("closed");
      expect(commands.filter((command) => command !== "release")).toEqual([]);
    }
    expect(isUndecided(state), "an undecided tab has a request or a resumption under way").toBe(
      ["joining", "taking", "entering"].includes(state.role),
    );
  });
});

describe("an epoch", () => {
  it("is later than each one its tab knows, whatever the clock says", () => {
    for (const role of ROLES) {
      expect(own(tab(role), { type: "granted", request: 9, now: 50 }).state.epoch).toEqual(at(101));
      expect(own(tab(role), { type: "granted", request: 9, now: 500 }).state.epoch).toEqual(at(500));
    }
  });

  it.each([
    [at(100, "z"), "later"],
    [at(100, "a"), "earlier"],
    [at(100, "me"), "same"],
    [at(101, "a"), "later"],
    [at(99, "z"), "earlier"],
  ])("of a leader, %j, is %s than that of a leader elected at 100", (epoch, order) => {
    const { state, commands, stale } = own(tab("leading"), { type: "heard", epoch, asLeader: true });
    expect(state.role).toBe(order === "later" ? "following" : "leading");
    expect(state.epoch).toEqual(order === "later" ? epoch : at(100));
    expect(stale).toBe(order === "earlier");
    expect(commands).toEqual({ later: ["yield", "release", "queue"], earlier: ["declare"], same: [] }[order]);
  });

  it("that is earlier says nothing against a tab that does not speak as the leader", () => {
    const result = own(tab("following"), { type: "heard", epoch: at(1, "new"), asLeader: false });
    expect(result).toEqual({ state: tab("following"), commands: [], stale: false });
  });

  it("is missing in the messages of an earlier version of the library: they count", () => {
    const result = own(tab("leading"), { type: "heard", epoch: undefined, asLeader: undefined });
    expect(result).toEqual({ state: tab("leading"), commands: [], stale: false });
  });

  it("of an earlier election of the same tab does not make the tab lead", () => {
    const again = own(tab("leading"), { type: "granted", request: 8, now: 0 }).state;
    expect(own(again, { type: "resumed", request: LOCK }).state.role).toBe("entering");
    expect(own(again, { type: "lost", request: LOCK }).state.role, "late news").toBe("entering");
    expect(own(again, { type: "resumed", request: 8 }).state.role).toBe("leading");
  });
});

describe("a follower looks after its leader", () => {
  it("unless another tab has done so not long ago, or it is not visible", () => {
    const served = own(tab("following"), { type: "alive", now: 1_000 }).state;
    const watch = (now: number, visible: boolean): Role =>
      own(served, { type: "watch", now, visible, within: 1_000 }).state.role;
    expect([watch(1_999, true), watch(2_000, true), watch(2_000, false)]).toEqual([
      "following",
      "checking",
      "following",
    ]);
  });

  it("after its clock was set back, too", () => {
    const served = own(tab("following"), { type: "alive", now: 90_000 }).state;
    expect(own(served, { type: "watch", now: 0, visible: true, within: 1_000 }).state.role).toBe("checking");
  });
});

describe("a claim", () => {
  const cells = (Object.keys(CLAIMS) as Leadership[]).flatMap((leadership) =>
    (["task", "own call", "other call"] as Part[]).map((part) => [leadership, part] as const),
  );
  it.each(cells)("of a process that is %s to a record that is %s", (leadership, part) => {
    const claim = CLAIMS[leadership][part];
    const record = part === "task" ? runningRecord() : queuedRecord();
    expect(claimOf(leadership, record, part === "own call")).toBe(claim);
    if (part === "own call") expect(claim, "a call runs where it is made").toBe("run");
    else if (leadership === "following") expect(claim, "the leader runs all else").toBe("leave");
    else expect(claim).toBe(part === "other call" && leadership === "leading" ? "wait" : "run");
  });
});
