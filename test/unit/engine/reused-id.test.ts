import { describe, expect, it } from "vitest";
import { isForgotten } from "../../../src/engine/reused-id.ts";
import type { TaskState } from "../../../src/engine/state.ts";
import type { TaskPayload } from "../../../src/protocol/task-reading.ts";
import type { TaskSnapshot } from "../../../src/protocol/task-snapshot.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const at = (ms: number): string => new Date(T0 + ms).toISOString();
const payload: TaskPayload = {
  kind: "result",
  result: { content: [{ type: "text", text: "the result of the later call" }] },
};
const walk = (snapshot: Partial<TaskSnapshot> = {}): Walk =>
  new Walk(stateOf(runningRecord({ snapshot: snapshotOf(snapshot) })));
/** A poll is sent some ms after the last was answered, and answered at once. */
const poll = (walked: Walk, fields: Partial<TaskSnapshot>, afterMs = 5_000): Walk =>
  answered(walked.on({ type: "due" }, afterMs), fields, 0);
/** A poll is answered, however long it was on its way. */
const answered = (walked: Walk, fields: Partial<TaskSnapshot>, afterMs: number): Walk =>
  walked.on(
    {
      type: "polled",
      reading: { snapshot: snapshotOf(fields), ...(fields.status === "completed" && { payload }) },
    },
    afterMs,
  );
/** The same process again, after an eviction: all but the record is forgotten. */
const evicted = (walked: Walk): Walk => new Walk(stateOf(structuredClone(walked.record)), walked.now);

describe("a task id that a restarted server uses again", () => {
  it.each(["completed", "working"] as const)("loses the first call, whose later namesake is %s", (status) => {
    const later = { status, createdAt: at(60_000), lastUpdatedAt: at(62_000) };
    const walked = poll(poll(walk(), {}), later, 60_000);
    expect(walked.record).toMatchObject({
      stage: "running",
      snapshot: { status: "working", createdAt: at(0) },
    });
    expect(poll(walked, later).outcome, "the server's clock may be coarse").toBeUndefined();
    expect(poll(walked, later).outcome).toMatchObject({
      kind: "lost",
      detail: expect.stringMatching(
        /uses the id task-1 for another task: it was created at 2026-08-01T12:01:00/,
      ),
    });
  });

  it("loses the earlier of two calls that have it at once", () => {
    const createdAt = "2026-08-01T12:00:01Z";
    const [earlier, later, same] = ["2026-08-01T12:00:00Z", createdAt, createdAt].map((made) =>
      stateOf(runningRecord({ snapshot: snapshotOf({ createdAt: made }) })),
    ) as [TaskState, TaskState, TaskState];
    expect(isForgotten(earlier, later)).toBe(true);
    expect(isForgotten(later, earlier)).toBe(false);
    expect(isForgotten(later, same), "equal calls may have been given one task").toBe(false);
    const moving = { ...earlier, doubt: { createdAt, since: T0, moves: true } } as const;
    expect(isForgotten(moving, later), "the stamps are those of replies").toBe(false);
    expect(new Walk(earlier).on({ type: "reused", by: later.record }, 0).outcome).toMatchObject({
      kind: "lost",
    });
  });

  it("is not taken for one by replies to two polls of the same second, however late they are read", () => {
    const later = { createdAt: at(60_000), lastUpdatedAt: at(60_000) } as const;
    const first = poll(walk(), later, 60_000);
    const frozen = answered(first.on({ type: "due" }, 1_000), later, 36_000);
    expect(frozen.outcome).toBeUndefined();
    const moved = { createdAt: at(99_000), lastUpdatedAt: at(99_000), status: "completed" } as const;
    expect(poll(frozen, moved, 5_000).outcome).toMatchObject({ kind: "completed" });
  });

  it("is found out by processes that forget everything between two polls", () => {
    const later = { status: "completed", createdAt: at(60_000), lastUpdatedAt: at(62_000) } as const;
    const walked = evicted(poll(evicted(walk()), later, 60_000));
    expect(poll(walked, later, 10_000).outcome).toMatchObject({ kind: "lost" });
  });

  it("is distinguished from a task that a notification reports, too", () => {
    const snapshot = snapshotOf({ statusMessage: "other", createdAt: at(60_000), lastUpdatedAt: at(62_000) });
    const walked = walk().on({ type: "notified", reading: { snapshot } }, 60_000);
    expect(walked.record.snapshot?.statusMessage).toBeUndefined();
    expect(poll(walked, snapshot, 60_000).outcome).toMatchObject({
      kind: "lost",
    });
  });

  it.each(["completed", "working"] as const)(
    "is not the %s task of a notification that is late by a restart",
    (status) => {
      const snapshot = snapshotOf({
        status,
        createdAt: at(-60_000),
        lastUpdatedAt: at(90_000),
        statusMessage: "earlier",
      });
      const reading = { snapshot, ...(status === "completed" && { payload }) };
      const own = { pollIntervalMs: 5_000 };
      const pushed = poll(walk(own).on({ type: "pushing", on: true }, 0), own);
      expect(pushed.due - pushed.now).toBeGreaterThan(5_000);
      const walked = pushed.on({ type: "notified", reading }, 1_000);
      expect(walked.outcome).toBeUndefined();
      expect(walked.record.snapshot).toEqual(snapshotOf(own));
      expect(walked.due - walked.now, "a poll at the ordinary pace finds out").toBe(5_000);
    },
  );

  it("is asked about no sooner than the doubtful reading says, also when pushing ends", () => {
    const later = { createdAt: at(60_000), lastUpdatedAt: at(60_000), pollIntervalMs: 30_000 };
    const doubtful = poll(walk(), later, 60_000);
    const due = doubtful.due;
    expect(doubtful.on({ type: "pushing", on: false }, 100).due).toBe(due);
  });

  it("is asked about no sooner than a doubtful reading said, when the next one names no interval", () => {
    const slow = { createdAt: at(60_000), lastUpdatedAt: at(60_000), pollIntervalMs: 600_000 };
    const doubtful = poll(walk({ pollIntervalMs: 500 }), slow, 60_000);
    const { pollIntervalMs: _none, ...moved } = snapshotOf({
      createdAt: at(66_000),
      lastUpdatedAt: at(66_000),
    });
    const walked = doubtful.on({ type: "notified", reading: { snapshot: moved } }, 6_000);
    expect(walked.due - walked.now).toBeGreaterThan(590_000);
  });

  it("is asked about no sooner than the doubtful reading says", () => {
    const later = { createdAt: at(60_000), lastUpdatedAt: at(60_000), pollIntervalMs: 30_000 };
    const walked = poll(walk({ pollIntervalMs: 500 }), later, 60_000);
    expect(walked.record.snapshot?.pollIntervalMs).toBe(500);
    expect(walked.state.pollAt - walked.now).toBe(30_000);
  });

  it("is decided soon where the doubtful reading has ended", () => {
    const later = { status: "cancelled", createdAt: at(60_000), lastUpdatedAt: at(60_000) } as const;
    const walked = poll(walk({ pollIntervalMs: 30_000 }), later, 60_000);
    expect(walked.state.pollAt - walked.now).toBe(10_000);
    expect(poll(walked, later, 10_000).state.pollAt - walked.now, "and then at its own pace").toBe(30_000);
  });

  it("is decided without anything later from the server only when no cache says the same for so long", () => {
    const later = { createdAt: at(60_000), lastUpdatedAt: at(60_000) };
    const walked = poll(walk(), later, 60_000);
    expect(poll(walked, later, 29_000).outcome).toBeUndefined();
    expect(poll(walked, later, 1_000).outcome).toMatchObject({ kind: "lost" });
  });

  it("is not decided while stamps of whole seconds do not distinguish a moving stamp from a fixed one", () => {
    const seconds = { createdAt: "2026-08-01T12:00:10Z", lastUpdatedAt: "2026-08-01T12:00:10Z" };
    const walked = poll(poll(walk(), seconds, 10_000), seconds, 200);
    expect(walked.outcome).toBeUndefined();
    const moved = { ...seconds, createdAt: "2026-08-01T12:00:12Z", status: "completed" } as const;
    expect(poll(walked, moved, 1_500).outcome).toMatchObject({ kind: "completed" });
  });
});

describe("a server that stamps each reply with its time", () => {
  const now = (walked: Walk, afterMs: number, fields: Partial<TaskSnapshot> = {}): Walk => {
    const stamp = new Date(walked.now + afterMs).toISOString();
    return poll(walked, { createdAt: stamp, lastUpdatedAt: stamp, ...fields }, afterMs);
  };

  it("has its tasks completed, and its polls write nothing", () => {
    const walked = walk();
    const { rev } = walked.record;
    for (let count = 0; count < 10; count++) now(walked, 5_000);
    expect(walked.record.rev).toBe(rev);
    expect(now(walked, 5_000, { status: "completed" }).outcome).toMatchObject({ kind: "completed" });
  });

  it.each([
    ["the whole reply is cached", (stamp: string) => stamp],
    ["its clock is coarse, and the time of the change is not", (_stamp: string, now: string) => now],
  ])("and moves the stamp every 8 s only, has its task completed: %s", (_what, changedAt) => {
    let walked = walk();
    const begun = walked.now;
    for (let count = 0; count < 20; count++) {
      const age = walked.now + 1_000 - begun;
      const stamp = at(Math.floor(age / 8_000) * 8_000);
      const status = count < 19 ? "working" : "completed";
      walked = poll(walked, { createdAt: stamp, lastUpdatedAt: changedAt(stamp, at(age)), status }, 1_000);
    }
    expect(walked.outcome).toMatchObject({ kind: "completed" });
  });

  it("is believed at the second poll when the first one brings the end", () => {
    const walked = now(walk(), 5_000, { status: "completed" });
    expect(walked.outcome).toBeUndefined();
    expect(now(walked, 5_000, { status: "completed" }).outcome).toMatchObject({ kind: "completed" });
  });

  it("is believed too when what its task came to cannot be read: the end is an outcome", () => {
    let walked = walk();
    for (let count = 0; count < 8 && !walked.outcome; count++) {
      const stamp = at(walked.now + 5_000 - T0);
      const reading = { snapshot: snapshotOf({ status: "failed", createdAt: stamp, lastUpdatedAt: stamp }) };
      const failure = { kind: "malformed", message: "The reply holds no error", reading } as const;
      walked = walked.on({ type: "requestFailed", operation: "get", failure }, 5_000);
    }
    expect(walked.outcome).toMatchObject({ kind: "failed" });
  });

  it("is believed by processes that forget everything between two polls", () => {
    let walked = walk();
    for (const statusMessage of ["a", "b", "c"]) walked = evicted(now(walked, 5_000, { statusMessage }));
    expect(walked.record).toMatchObject({ snapshot: { statusMessage: "c" }, doubt: { moves: true } });
    const { rev } = walked.record;
    expect(now(walked, 5_000, { statusMessage: "c" }).record.rev).toBe(rev);
    expect(now(walked, 5_000, { status: "completed" }).outcome).toMatchObject({ kind: "completed" });
  });
});

describe("stamps of the same creation in other words", () => {
  it.each([
    ["with a space and without a zone", "2026-08-01 12:00:00.000", at(0)],
    ["in another zone", "2026-08-01T14:00:00.000+02:00", at(0)],
    ["in whole seconds", "2026-08-01T12:00:00Z", at(417)],
    ["rounded up to seconds", "2026-08-01T12:00:01Z", at(417)],
    ["in microseconds", "2026-08-01T12:00:00.000417Z", at(0)],
    ["taken a moment later", at(80), at(0)],
    ["by a local clock without a zone", "2026-08-01T14:00:00.000", at(0)],
    ["earlier", at(-60_000), at(0)],
    ["not a time", "yesterday", at(0)],
    ["missing", "", at(0)],
    ["after none", at(60_000), ""],
    ["after one that is not a time", at(60_000), "yesterday"],
  ])("are the same task's: %s", (_what, createdAt, before) => {
    const walked = walk({ createdAt: before });
    const reading = { status: "completed", createdAt, lastUpdatedAt: at(70_000) } as const;
    expect(poll(walked, reading, 70_000).outcome).toMatchObject({ kind: "completed" });
  });

  it("are the same task's when they are no later than what the server has said of it", () => {
    const walked = poll(walk(), { lastUpdatedAt: at(30_000) }, 30_000);
    const reading = { status: "completed", createdAt: at(20_000), lastUpdatedAt: at(40_000) } as const;
    expect(poll(walked, reading, 10_000).outcome).toMatchObject({ kind: "completed" });
  });
});
