import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { settle } from "../../../src/engine/outcome.ts";
import { type Migrations, readRecord, readSession } from "../../../src/store/read-record.ts";
import { deepFreeze } from "../../fixtures/engine-walk.ts";
import { callingRecord, queuedRecord, runningRecord, settledRecord, T0 } from "../../fixtures/records.ts";
import storedByVersion1 from "../../fixtures/records-v1.json" with { type: "json" };
import { SESSION_2025, SESSION_2026 } from "../../fixtures/scripted-server.ts";

/** As the library of version 0.x stored them (commit 71842b8), one for each stage and kind of call. */
const STORED_BY_VERSION_1: Readonly<Record<string, object>> = storedByVersion1;

describe("readRecord", () => {
  it.each([
    ["calling", callingRecord()],
    ["running", runningRecord()],
    ["settled", settledRecord()],
  ])("reads a record of today: %s", (_stage, record) => {
    expect(readRecord(deepFreeze(record))).toEqual({ kind: "record", record });
  });

  it.each(Object.entries(STORED_BY_VERSION_1))(
    "reads a record that version 1 stored: %s",
    (_name, stored) => {
      expect(readRecord(deepFreeze(stored))).toEqual({ kind: "record", record: { ...stored, v: 2 } });
    },
  );

  it("reads a queued call, whose server was never reached", () => {
    const record = queuedRecord();
    expect(record).not.toHaveProperty("generation");
    expect(readRecord(deepFreeze(record))).toEqual({ kind: "record", record });
    const cancelled = settle(record, { kind: "cancelled", confirmed: true }, T0);
    expect(readRecord(cancelled)).toEqual({ kind: "record", record: cancelled });
  });

  it("reports one of a newer version, by its id and both versions", () => {
    const reading = readRecord({ ...runningRecord(), v: 99 });
    expect(reading).toMatchObject({ kind: "unreadable", id: "record-1" });
    expect(reading).toMatchObject({ reason: expect.stringMatching(/99.*2/) });
  });

  it("keeps what it does not know: a later reader may", () => {
    const record = { ...runningRecord(), flavour: "new" };
    expect(readRecord(record)).toMatchObject({ kind: "record", record: { flavour: "new" } });
  });

  describe("of an older version", () => {
    const migrations: Migrations = {
      1: ({ name, ...record }) => ({ ...record, call: { name, arguments: {}, recovery: "none", rounds: 0 } }),
      2: (record) => ({ ...record, inputs: [] }),
    };
    const { call: _call, inputs: _inputs, ...rest } = runningRecord();
    const old = deepFreeze({ ...rest, v: 1, name: "weather" });

    it("takes it through each step in turn, and leaves the stored one as it is", () => {
      const reading = readRecord(old, migrations, 3);
      expect(reading).toMatchObject({
        kind: "record",
        record: { v: 3, id: "record-1", call: { name: "weather" }, inputs: [] },
      });
      expect(old).toMatchObject({ v: 1, name: "weather" });
    });

    it("begins at its own version", () => {
      const second = { ...rest, v: 2, call: { name: "weather", recovery: "none", rounds: 0 } };
      expect(readRecord(second, migrations, 3)).toMatchObject({
        kind: "record",
        record: { v: 3, inputs: [] },
      });
    });

    it("reports one that no step is known for", () => {
      expect(readRecord({ ...old, v: 0 }, migrations, 3)).toMatchObject({
        kind: "unreadable",
        id: "record-1",
        reason: expect.stringContaining("0"),
      });
      expect(readRecord(old, { 1: migrations[1] ?? ((record) => record) }, 3)).toMatchObject({
        kind: "unreadable",
      });
    });

    it("reports one whose steps do not make a record of it", () => {
      expect(readRecord(old, { 1: () => ({}), 2: (record) => record }, 3)).toMatchObject({
        kind: "unreadable",
        id: "record-1",
      });
    });

    it("reports one whose step fails, and does not take the others with it", () => {
      const failing: Migrations = {
        1: () => {
          throw new TypeError("x is undefined");
        },
        2: (record) => record,
      };
      expect(readRecord(old, failing, 3)).toMatchObject({ kind: "unreadable", id: "record-1" });
    });
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "record"],
    ["a list", []],
    ["an empty object", {}],
    ["no version", { ...runningRecord(), v: undefined }],
    ["a version that is not a number", { ...runningRecord(), v: "1" }],
    ["a fraction of a version", { ...runningRecord(), v: 0.5 }],
    ["no id", { ...runningRecord(), id: undefined }],
    ["no endpoint", { ...runningRecord(), endpoint: 7 }],
    ["no generation", { ...runningRecord(), generation: undefined }],
    ["no stage", { ...runningRecord(), stage: undefined }],
    ["no time", { ...runningRecord(), createdAt: "yesterday" }],
    ["no call", { ...runningRecord(), call: undefined }],
    ["a call without a name", { ...runningRecord(), call: {} }],
    ["no inputs", { ...runningRecord(), inputs: {} }],
    ["a generation nobody speaks", { ...runningRecord(), generation: "2031-01-01" }],
    ["a stage nobody knows", { ...runningRecord(), stage: "dreaming" }],
  ])("reports a damaged one: %s", (_what, stored) => {
    const reading = readRecord(stored);
    expect(reading.kind).toBe("unreadable");
    if (reading.kind === "unreadable") expect(reading.reason).not.toBe("");
  });

  it("never throws, whatever lies in the store", () => {
    fc.assert(
      fc.property(fc.anything(), (stored) => {
        expect(["record", "unreadable"]).toContain(readRecord(stored).kind);
        readSession(stored);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("readSession", () => {
  it.each([SESSION_2025, SESSION_2026])("reads a session of $generation", (session) => {
    expect(readSession(session)).toEqual(session);
  });

  it.each([
    ["nothing", undefined],
    ["a generation nobody speaks", { ...SESSION_2026, generation: "2024-11-05" }],
    ["no version", { ...SESSION_2026, protocolVersion: undefined }],
    ["capabilities that are an array", { ...SESSION_2026, serverCapabilities: [] }],
  ])("passes over a damaged one, which only costs a handshake: %s", (_what, stored) => {
    expect(readSession(stored)).toBeUndefined();
  });
});
