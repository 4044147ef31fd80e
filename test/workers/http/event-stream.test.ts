import { readEventStream } from "holdfast/remote";
import { expect, test } from "vitest";
import { eventStream } from "../../../worker/http/event-stream.ts";

test("a silent stream has a heartbeat, and ends when its time is over", async () => {
  const response = eventStream(
    ({ ended }) => new Promise((resolve) => ended.addEventListener("abort", () => resolve())),
    { heartbeatMs: 10, lifeMs: 2_000 },
  );
  const text = await response.text();
  expect(text).toMatch(/^(: alive\n\n)+$/);
  expect(text.length).toBeGreaterThan(": alive\n\n".length * 2);
});

test("data of several lines, and line ends in it, are one event", async () => {
  const data = "one\ntwo\r\nthree\rfour";
  const response = eventStream(async ({ write }) => write({ type: "task", data, id: "7" }));
  const events = [];
  for await (const event of readEventStream(response.body as ReadableStream<Uint8Array>)) events.push(event);
  expect(events).toEqual([{ type: "task", data: "one\ntwo\nthree\nfour", id: "7", lastEventId: "7" }]);
});

test("a client that disconnects ends the writer of the stream", async () => {
  const leaving = new AbortController();
  let done = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    done = resolve;
  });
  eventStream(
    async ({ ended }) => {
      ended.addEventListener("abort", done);
      await over;
    },
    { signal: leaving.signal },
  );
  leaving.abort();
  await over;
});

test("the stream of a client that does not read fails beyond its bound, and aborts the signal of its writer", async () => {
  let written = 0;
  let reason: unknown;
  const response = eventStream(
    async ({ writeText, ended }) => {
      while (!ended.aborted) {
        written += 1;
        await Promise.race([writeText("x".repeat(100)).catch(() => undefined), Promise.resolve()]);
      }
      reason = ended.reason;
    },
    { mostUnread: 1_000 },
  );
  await expect.poll(() => String(reason)).toContain("does not read");
  expect(written).toBeLessThan(15);
  await expect(response.text()).rejects.toThrow("does not read");
});

test("one event of any length may wait to be read", async () => {
  const text = "x".repeat(5_000);
  const response = eventStream(async ({ writeText }) => writeText(text), { mostUnread: 10 });
  expect(await response.text()).toBe(text);
});

test("a write resolves when the client has read the event, so that a writer that waits queues one", async () => {
  let taken = 0;
  const response = eventStream(async ({ write }) => {
    for (; taken < 3; taken++) await write({ type: "n", data: String(taken) });
  });
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(taken).toBe(0);
  expect(await response.text()).toBe("event: n\ndata: 0\n\nevent: n\ndata: 1\n\nevent: n\ndata: 2\n\n");
});

test("a write after the client has gone rejects", async () => {
  let late: Promise<void> | undefined;
  const response = eventStream(async ({ write, ended }) => {
    await new Promise((resolve) => ended.addEventListener("abort", resolve));
    late = write({ type: "n", data: "" });
    await late;
  });
  await response.body?.cancel();
  await expect(late).rejects.toThrow("hung up");
});
