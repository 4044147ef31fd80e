import { RECORD_VERSION, type RecordedCall, type TaskRecord } from "../engine/record.ts";
import type { Session } from "../protocol/session.ts";

/** When the records of the rules begin: ms since 1970. */
export const T0: number = Date.parse("2026-08-01T12:00:00.000Z");

export const SESSION: Session = {
  generation: "2026-07-28",
  protocolVersion: "2026-07-28",
  serverCapabilities: { tools: {} },
  tools: { weather: { taskSupport: "optional", repeatable: true } },
};

export const CALL: RecordedCall = {
  name: "weather",
  arguments: { city: "Oslo", days: [1, null, { "": "ключ" }] },
  asTask: true,
  recovery: "none",
  rounds: 0,
};

/** A record with every kind of field. */
export const FULL: TaskRecord = running({
  id: "full",
  rev: 7,
  immediateResponse: "On its way.",
  snapshot: {
    taskId: "task-1",
    status: "working",
    statusMessage: "half",
    createdAt: "2026-08-01T12:00:00.000Z",
    lastUpdatedAt: "2026-08-01T12:00:00.000Z",
    ttlMs: 60_000,
    pollIntervalMs: 1_000,
  },
  inputs: [
    { key: "name", method: "elicitation/create", params: { a: [1, null] }, askedAt: T0, state: "open" },
    {
      key: "rpc-7",
      method: "roots/list",
      params: {},
      rpcId: 7,
      askedAt: T0,
      state: "answered",
      response: {},
    },
  ],
  cancel: { requestedAt: T0, acknowledgedAt: T0 + 1 },
  call: {
    ...CALL,
    ttlMs: 1,
    progressToken: "full",
    headers: { "Mcp-Param-A": "1" },
    requestState: "opaque",
    rounds: 2,
  },
});

/** {@link FULL} for rules that change it. */
export type Writable = TaskRecord & { inputs: [{ state: string }] };

/** A task that runs. */
export function running(fields: Partial<TaskRecord>): TaskRecord {
  return {
    v: RECORD_VERSION,
    rev: 1,
    id: "record-1",
    endpoint: "lab",
    generation: "2026-07-28",
    stage: "running",
    createdAt: T0,
    acceptedAt: T0,
    taskId: "task-1",
    inputs: [],
    call: CALL,
    ...fields,
  };
}

/** A task that completed. */
export function settled(fields: Partial<TaskRecord>): TaskRecord {
  const result = { content: [{ type: "text", text: "done" }] };
  return running({
    stage: "settled",
    settledAt: T0 + 5_000,
    outcome: { kind: "completed", result },
    ...fields,
  });
}

/** The ids of records, in order. */
export function ids(records: readonly unknown[]): string[] {
  return records.map((record) => (record as TaskRecord).id).sort();
}
