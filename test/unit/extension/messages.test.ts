import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PORT_NAME, readPageMessage } from "../../../src/extension/messages.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { extensionLab } from "./extension-lab.ts";
import { EXTENSION_ID, type FakePort, ROOT } from "./fake-extension.ts";

const OWN_PAGE = { id: EXTENSION_ID, url: `${ROOT}popup.html`, origin: ROOT.slice(0, -1) };

async function openPort(lab = extensionLab()): Promise<{ port: FakePort; received: unknown[] }> {
  const port = lab.extension.connect(PORT_NAME, OWN_PAGE);
  const received: unknown[] = [];
  port.onMessage.addListener((message) => received.push(message));
  await settled();
  return { port, received };
}

const request = (parts: object) => ({ type: "request", nr: 1, again: false, request: parts });
const call = { method: "call", id: "1", endpoint: "papers", tool: "report", args: {} };

describe("a message of hostile shape", () => {
  it.each<[string, unknown]>([
    ["nothing", null],
    ["a text", "hello"],
    ["a list", [1]],
    ["no number", { type: "request", request: { method: "endpoints" } }],
    ["half a number", { type: "request", nr: 0.5, request: { method: "endpoints" } }],
    ["another type", { type: "reply", nr: 1, value: 1 }],
    ["no request", { type: "request", nr: 1 }],
    ["an unknown method", request({ method: "eval" })],
    ["a method of every object", request({ method: "toString" })],
    ["no endpoint", request({ method: "tools" })],
    ["an endpoint that is not a string", request({ method: "tools", endpoint: {} })],
    ["no id", request({ method: "cancel" })],
    ["an empty id", request({ method: "task", id: "" })],
    ["an endless id", request({ method: "task", id: "x".repeat(201) })],
    ["a call without arguments", request({ ...call, args: undefined })],
    ["a call whose arguments are a list", request({ ...call, args: [] })],
    ["a call of no tool", request({ ...call, tool: "" })],
    ["a preference that does not exist", request({ ...call, prefer: "both" })],
    ["a TTL that is negative", request({ ...call, ttlMs: -1 })],
    ["a TTL that is not a number", request({ ...call, ttlMs: "1" })],
    ["a maybe", request({ ...call, repeatable: "yes" })],
    ["an idempotency key that is a number", request({ ...call, idempotencyKey: 7 })],
    ["an answer without a response", request({ method: "answer", id: "1", key: "k" })],
    ["an answer that is a text", request({ method: "answer", id: "1", key: "k", response: "yes" })],
    ["addressees that are a text", request({ ...call, notify: "chat" })],
    ["addressees that are numbers", request({ ...call, notify: [1] })],
    ["a delivery without a receipt", request({ method: "undelivered", addressee: "chat" })],
    [
      "a lease that is negative",
      request({ method: "undelivered", addressee: "c", receipt: "r", leaseMs: -1 }),
    ],
    ["an acknowledgement of no task", request({ method: "acknowledge", addressee: "c", receipt: "r" })],
    [
      "an acknowledgement of a key that is a number",
      request({ method: "acknowledge", id: "1", addressee: "c", receipt: "r", key: 1 }),
    ],
    ["an addressee that is a number", request({ method: "notify", id: "1", addressee: 7 })],
    ["a list of what is not known", request({ method: "tasks", which: "some" })],
  ])("%s gets an error, and the port goes on", async (_what, message) => {
    const { port, received } = await openPort();
    port.postMessage(message);
    await settled();
    port.postMessage({ type: "request", nr: 2, again: false, request: { method: "endpoints" } });
    await settled();
    const malformed = { kind: "extension", code: "malformed", message: expect.any(String) };
    expect(received).toEqual([
      { type: "ready" },
      expect.objectContaining({ type: "error", error: malformed }),
      { type: "reply", nr: 2, value: ["papers"] },
    ]);
    expect(port.open).toBe(true);
  });

  it("whatever it is, is read without a throw, and never as more than it is", () => {
    const methods = ["endpoints", "tools", "call", "tasks", "task", "answer", "cancel", "forget", "nudge"];
    const parts = fc.record(
      {
        method: fc.oneof(fc.constantFrom(...methods), fc.anything()),
        id: fc.oneof(fc.string(), fc.anything()),
        endpoint: fc.oneof(fc.string(), fc.anything()),
        tool: fc.oneof(fc.string(), fc.anything()),
        args: fc.oneof(fc.object(), fc.anything()),
        key: fc.oneof(fc.string(), fc.anything()),
        response: fc.oneof(fc.object(), fc.anything()),
        which: fc.oneof(fc.constantFrom("all", "unfinished"), fc.anything()),
        extra: fc.anything(),
      },
      { requiredKeys: [] },
    );
    const message = fc.record({ type: fc.constant("request"), nr: fc.integer(), request: parts });
    fc.assert(
      fc.property(fc.oneof(message, fc.anything()), (value) => {
        const reading = readPageMessage(value);
        if (!reading.ok) {
          expect(reading.reason).not.toBe("");
          return;
        }
        expect(methods).toContain(reading.message.request.method);
        expect(reading.message.request).not.toHaveProperty("extra");
      }),
      { numRuns: 2_000 },
    );
  });

  it("arguments nested without end are an error of that call, and no more", async () => {
    const lab = extensionLab();
    const { port, received } = await openPort(lab);
    const depth = 20_000;
    const nested = JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`) as object;
    // A browser that copies messages by structured clone lets it through.
    port.other?.onMessage.fire(request({ ...call, args: nested }), undefined as never);
    await settled();
    port.postMessage({ type: "request", nr: 2, again: false, request: { method: "endpoints" } });
    await settled();
    expect(received.at(-1)).toEqual({ type: "reply", nr: 2, value: ["papers"] });
    expect(lab.server.times("tools/call")).toBeLessThanOrEqual(1);
  });
});

describe("the port", () => {
  it("of another name is left to whom it belongs", async () => {
    const lab = extensionLab();
    const port = lab.extension.connect("the app's own", OWN_PAGE);
    const received: unknown[] = [];
    port.onMessage.addListener((message) => received.push(message));
    await settled();
    expect(port.open).toBe(true);
    expect(received).toEqual([]);
  });

  it("of another version is refused in words", async () => {
    const lab = extensionLab();
    const port = lab.extension.connect("holdfast.tasks/2", OWN_PAGE);
    const received: unknown[] = [];
    port.onMessage.addListener((message) => received.push(message));
    await settled();
    expect(received).toEqual([{ type: "refused", reason: expect.stringContaining(PORT_NAME) }]);
    expect(port.open).toBe(false);
  });
});
