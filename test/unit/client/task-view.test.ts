import { describe, expect, it } from "vitest";
import { readView } from "../../../src/mirror/read-view.ts";
import { deletedView, type TaskView, viewOf, withoutResult } from "../../../src/task-view.ts";
import { network } from "../../fixtures/failures.ts";
import {
  askingRecord,
  callingRecord,
  runningRecord,
  settledRecord,
  snapshotOf,
  T0,
} from "../../fixtures/records.ts";

const LIVE = {
  progress: { progress: 1, total: 2, message: "page 3" },
  retry: { failure: network, since: T0 },
  nextPollAt: T0 + 5_000,
};

const OUTCOMES = [
  { kind: "completed", result: { content: [], structuredContent: { pages: 3 } } },
  {
    kind: "failed",
    error: { reason: "rpc", message: "No kelp", rpc: { code: -32_000, message: "No kelp" } },
  },
  { kind: "cancelled", confirmed: false },
  { kind: "expired", detail: "Its TTL has passed" },
  { kind: "lost", detail: "No reply came", candidates: ["t1"] },
] as const;

const VIEWS: readonly (readonly [string, TaskView])[] = [
  ["calling", viewOf(callingRecord())],
  ["asking before there is a task", viewOf(askingRecord())],
  ["running", viewOf(runningRecord({ immediateResponse: "On its way" }), LIVE)],
  ["waiting for input", viewOf(runningRecord({ snapshot: snapshotOf({ status: "input_required" }) }))],
  ["cancelled by the app", viewOf(runningRecord({ cancel: { requestedAt: T0 } }))],
  ...OUTCOMES.map((outcome) => [outcome.kind, viewOf(settledRecord({ outcome }))] as const),
];

describe("the view of a task", () => {
  it.each(VIEWS)(
    "%s is the same after JSON, after a structured clone, and as another process reads it",
    (_name, view) => {
      const sent: unknown = JSON.parse(JSON.stringify(view));
      expect(sent).toEqual(view);
      expect(structuredClone(view)).toEqual(view);
      expect(readView(sent)).toEqual(view);
    },
  );

  it("has all an app may show, and nothing of how the call is made", () => {
    const record = runningRecord({
      call: {
        ttlMs: 60_000,
        headers: { "mcp-param-city": "Oslo" },
        requestState: "opaque",
        progressToken: "p",
      },
      inputs: [
        { key: "open", method: "roots/list", params: {}, askedAt: T0, state: "open", sessionId: "secret" },
        {
          key: "done",
          method: "roots/list",
          params: {},
          askedAt: T0,
          state: "answered",
          response: { roots: [] },
        },
      ],
    });
    expect(viewOf(record, LIVE)).toEqual({
      id: "record-1",
      endpoint: "lab",
      generation: "2026-07-28",
      tool: "weather",
      arguments: { city: "Oslo" },
      status: "input_required",
      asTask: true,
      rev: 1,
      createdAt: T0,
      acceptedAt: T0,
      taskId: "task-1",
      snapshot: snapshotOf(),
      inputRequests: [{ key: "open", method: "roots/list", params: {} }],
      cancelling: false,
      ...LIVE,
    });
  });

  it("without its result says whether the tool failed, and that the result is stored apart", () => {
    const outcome = {
      kind: "completed",
      result: { content: [], isError: true, structuredContent: {} },
    } as const;
    expect(withoutResult(viewOf(settledRecord({ outcome }))).outcome).toEqual({
      kind: "completed",
      result: { content: [], isError: true },
      apart: true,
    });
    const running = viewOf(runningRecord());
    expect(withoutResult(running)).toBe(running);
  });

  it("of a deleted task ends as lost, asks nothing and is not being cancelled", () => {
    const view = viewOf(askingRecord({ cancel: { requestedAt: T0 } }));
    expect(deletedView(view, "It was deleted")).toMatchObject({
      status: "lost",
      inputRequests: [],
      cancelling: false,
      outcome: { kind: "lost", detail: "It was deleted" },
    });
  });
});
