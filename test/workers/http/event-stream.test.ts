import { readEventStream } from "holdfast/remote";
import { expect, test } from "vitest";
import { eventResponse } from "../../../worker/http/event-stream.ts";

test("a silent stream has a heartbeat, and ends when its time is over", async () => {
  const response = eventResponse(
    ({ ended }) => new Promise((resolve) => ended.addEventListener("abort", () => resolve())),
    { heartbeatMs: 10, lifeMs: 60 },
  );
  const text = await response.text();
  expect(text).toMatch(/^(: alive\n\n)+$/);
  expect(text.length).toBeGreaterThan(": alive\n\n".length * 2);
});

test("data of several lines, and line ends in it, are one event", async () => {
  const data = "one\ntwo\r\nthree\rfour";
  const response = eventResponse(async ({ write }) => write({ type: "task", data, id: "7" }));
  const events = [];
  for await (const event of readEventStream(response.body as ReadableStream<Uint8Array>)) events.push(event);
  expect(events).toEqual([{ type: "task", data: "one\ntwo\nthree\nfour", id: "7", lastEventId: "7" }]);
});

test("a client that goes away ends what fills the stream", async () => {
  const leaving = new AbortController();
  let done = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    done = resolve;
  });
  eventResponse(
    async ({ ended }) => {
      ended.addEventListener("abort", done);
      await over;
    },
    { signal: leaving.signal },
  );
  leaving.abort();
  await over;
});
