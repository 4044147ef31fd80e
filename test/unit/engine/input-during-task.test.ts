import { describe, expect, it } from "vitest";
import type { InputRequest } from "../../../src/protocol/input-request.ts";
import type { WireStatus } from "../../../src/protocol/task-snapshot.ts";
import { Walk } from "../../fixtures/engine-walk.ts";
import { network, timeout } from "../../fixtures/failures.ts";
import { runningRecord, snapshotOf, stateOf, T0 } from "../../fixtures/records.ts";

const accept = { action: "accept", content: { name: "Luca" } };
const question = (key: string, rpcId?: number): InputRequest => ({
  key,
  method: "elicitation/create",
  params: { message: key },
  ...(rpcId !== undefined && { rpcId }),
});

describe("2026-07-28: questions are named with each reading", () => {
  const walkOf = (): Walk => new Walk(stateOf(runningRecord(), { pollAt: T0 }));
  const polled = (status: WireStatus, ...keys: string[]) =>
    ({
      type: "polled",
      reading: { snapshot: snapshotOf({ status }), inputRequests: keys.map((key) => question(key)) },
    }) as const;
  const inputs = (walk: Walk): Record<string, string> =>
    Object.fromEntries(walk.record.inputs.map(({ key, state }) => [key, state]));

  it("new ones are open, and asked once however often they are named", () => {
    const walk = walkOf()
      .on(polled("input_required", "name"), 300)
      .on(polled("input_required", "name"), 1_000);
    expect(walk.record.inputs).toEqual([{ ...question("name"), askedAt: T0 + 300, state: "open" }]);
  });

  it("one more is added beside the others", () => {
    const walk = walkOf()
      .on(polled("input_required", "name"))
      .on(polled("input_required", "name", "age"));
    expect(inputs(walk)).toEqual({ name: "open", age: "open" });
  });

  it("those no longer named are withdrawn, and named again they are open again", () => {
    const walk = walkOf()
      .on(polled("input_required", "name", "age"))
      .on(polled("input_required", "age"));
    expect(inputs(walk)).toEqual({ name: "withdrawn", age: "open" });
    expect(inputs(walk.on(polled("input_required", "name", "age")))).toEqual({ name: "open", age: "open" });
    expect(inputs(walk.on(polled("working")))).toEqual({ name: "withdrawn", age: "withdrawn" });
  });

  it("a brief reading, which names none, withdraws none", () => {
    const walk = walkOf().on(polled("input_required", "name"));
    walk.on({ type: "notified", reading: { snapshot: snapshotOf({ status: "input_required" }) } });
    expect(inputs(walk)).toEqual({ name: "open" });
  });

  it("the polls go on while a question is open: the server may withdraw it", () => {
    const walk = walkOf().on({ type: "due" }).on(polled("input_required", "name"));
    expect(walk.wait).toBe(1_000);
    expect(walk.onDue().sent).toEqual(["get"]);
  });

  it("an answer is kept first, then sent", () => {
    const walk = walkOf().on(polled("input_required", "name", "age"));
    walk.on({ type: "answered", key: "name", response: accept });
    expect(walk.record.inputs[0]).toMatchObject({ key: "name", state: "answered", response: accept });
    expect(inputs(walk)).toEqual({ name: "answered", age: "open" });
    expect(walk.sent).toContain("answer");
  });

  it("an answer does not wait out a backoff", () => {
    const walk = walkOf().on(polled("input_required", "name"));
    walk.on({ type: "requestFailed", operation: "get", failure: network });
    expect(walk.on({ type: "answered", key: "name", response: accept }, 1).sent).toContain("answer");
  });

  it("one question is answered once: a second answer changes nothing", () => {
    const walk = walkOf().on(polled("input_required", "name"));
    walk.on({ type: "answered", key: "name", response: accept });
    walk.on({ type: "answered", key: "name", response: { action: "decline" } });
    expect(walk.record.inputs[0]?.response).toEqual(accept);
  });

  it("an answer to a withdrawn question is not taken", () => {
    const walk = walkOf().on(polled("input_required", "name")).on(polled("working"));
    walk.on({ type: "answered", key: "name", response: accept });
    expect(inputs(walk)).toEqual({ name: "withdrawn" });
    expect(walk.sent).not.toContain("answer");
  });

  it("delivered, it is not asked or answered again, though the server may name it for a while", () => {
    const walk = walkOf().on(polled("input_required", "name"));
    walk.on({ type: "answered", key: "name", response: accept }).on({ type: "delivered", keys: ["name"] });
    expect(inputs(walk)).toEqual({ name: "delivered" });
    walk.on(polled("input_required", "name"));
    expect(inputs(walk)).toEqual({ name: "delivered" });
    walk.on({ type: "answered", key: "name", response: { action: "cancel" } });
    expect(walk.record.inputs[0]).toMatchObject({ state: "delivered", response: accept });
  });

  it("on its way, it stays answered whatever the polls say meanwhile", () => {
    const walk = walkOf().on(polled("input_required", "name"));
    walk.on({ type: "answered", key: "name", response: accept });
    walk.on(polled("input_required", "name")).on(polled("working"));
    expect(inputs(walk)).toEqual({ name: "answered" });
  });

  it("after an answer the task is soon looked at again", () => {
    const walk = walkOf().on({ type: "due" }).on(polled("input_required", "name"));
    walk.on({ type: "answered", key: "name", response: accept }).on({ type: "delivered", keys: ["name"] });
    expect(walk.wait).toBe(100);
  });

  it("an answer given while another is on its way is sent after it", () => {
    const walk = walkOf().on(polled("input_required", "name", "age"));
    walk.on({ type: "answered", key: "name", response: accept });
    expect(walk.on({ type: "answered", key: "age", response: accept }).sent).not.toContain("answer");
    walk.on({ type: "delivered", keys: ["name"] });
    expect(walk.sent).toContain("answer");
    expect(inputs(walk)).toEqual({ name: "delivered", age: "answered" });
  });

  it("an answer that was not sent before the process ended is sent by the next", () => {
    const record = runningRecord({
      inputs: [{ ...question("name"), askedAt: T0, state: "answered", response: accept }],
    });
    expect(new Walk(stateOf(record)).on({ type: "woken" }).sent).toEqual(["answer", "get"]);
  });

  it("when the task ends, what is still open is withdrawn, and what was answered stays", () => {
    const walk = walkOf().on(polled("input_required", "name", "age"));
    walk.on({ type: "answered", key: "name", response: accept }).on(polled("cancelled"));
    expect(inputs(walk)).toEqual({ name: "answered", age: "withdrawn" });
  });

  it("tasks/result is never opened: the protocol lacks it", () => {
    expect(walkOf().on(polled("input_required", "name")).sent).not.toContain("result");
  });
});

describe("2025-11-25: questions come on tasks/result (Input Required Status)", () => {
  const walkOf = (): Walk =>
    new Walk(stateOf(runningRecord({ generation: "2025-11-25" }), { pollAt: T0, listenAt: 0 }));
  const polled = (status: WireStatus) =>
    ({ type: "polled", reading: { snapshot: snapshotOf({ status }) } }) as const;

  it("a task that needs input is listened to at once", () => {
    const walk = walkOf().on({ type: "due" }).on(polled("input_required"));
    expect(walk.sent).toEqual(["result"]);
  });

  it("a task that works is not", () => {
    expect(walkOf().on({ type: "due" }).on(polled("working")).sent).toEqual([]);
  });

  it("while it is listened to, it is polled too", () => {
    const walk = walkOf().on({ type: "due" }).on(polled("input_required"));
    expect(walk.onDue().sent).toEqual(["get"]);
    expect(walk.flying).toEqual(["get", "result"]);
  });

  it("a question is asked once, however often it comes", () => {
    const walk = walkOf().on({ type: "due" }).on(polled("input_required"));
    walk.on({ type: "asked", request: question("rpc-7", 7) }, 200);
    walk.on({ type: "asked", request: question("rpc-7", 7) }, 200);
    expect(walk.record.inputs).toEqual([{ ...question("rpc-7", 7), askedAt: T0 + 200, state: "open" }]);
  });

  it("readings name no questions, and so withdraw none", () => {
    const walk = walkOf().on({ type: "due" }).on(polled("input_required"));
    walk.on({ type: "asked", request: question("rpc-7", 7) }).on(polled("input_required"), 1_000);
    expect(walk.record.inputs).toMatchObject([{ state: "open" }]);
  });

  it("a stream that ends is opened again at the pace of the polls, and no failure is counted", () => {
    const walk = walkOf().on({ type: "due" }).on(polled("input_required"));
    walk.on({ type: "requestFailed", operation: "result", failure: timeout }, 500);
    expect(walk.state.failures).toBe(0);
    expect(walk.state.listenAt).toBe(T0 + 1_500);
    expect(walk.on({ type: "due" }, 999).sent).not.toContain("result");
    expect(walk.on({ type: "due" }, 1).sent).toContain("result");
  });

  it("while a question is open or its answer on the way, it is not listened for another", () => {
    const walk = walkOf().on({ type: "due" }).on(polled("input_required"));
    walk.on({ type: "asked", request: question("rpc-7", 7) });
    walk.on({ type: "requestFailed", operation: "result", failure: timeout });
    for (let poll = 0; poll < 5; poll++) {
      expect(walk.onDue().sent).toEqual(["get"]);
      walk.on(polled("input_required"));
    }
    expect(walk.on({ type: "answered", key: "rpc-7", response: accept }).sent).toEqual(["answer"]);
    walk.on({ type: "delivered", keys: ["rpc-7"] });
    expect(walk.sent).toEqual(["result"]);
  });

  it("the final result may come on the stream that brought the questions", () => {
    const walk = walkOf().on({ type: "due" }).on(polled("input_required"));
    walk.on({ type: "asked", request: question("rpc-7", 7) });
    walk.on({ type: "answered", key: "rpc-7", response: accept }).on({ type: "delivered", keys: ["rpc-7"] });
    const result = { content: [] };
    walk.on({ type: "fetched", payload: { kind: "result", result } });
    expect(walk.outcome).toEqual({ kind: "completed", result });
  });

  it("answers go one by one", () => {
    const walk = walkOf().on({ type: "due" }).on(polled("input_required"));
    walk
      .on({ type: "asked", request: question("rpc-7", 7) })
      .on({ type: "asked", request: question("rpc-8", 8) });
    expect(walk.on({ type: "answered", key: "rpc-8", response: accept }).sent).toEqual(["answer"]);
    expect(walk.on({ type: "answered", key: "rpc-7", response: accept }).sent).toEqual([]);
    expect(walk.on({ type: "delivered", keys: ["rpc-8"] }).sent).toEqual(["answer"]);
  });
});
