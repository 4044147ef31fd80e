import { expect, test } from "vitest";
import { type MessageStream, messageStream } from "../../../worker/gateway/message-stream.ts";

const untilOver = ({ signal }: MessageStream): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

test("a stream whose time is over ends by itself, and aborts the signal of its work", async () => {
  const works: Promise<unknown>[] = [];
  const response = messageStream(
    (work) => works.push(work),
    async (stream) => {
      stream.send({ first: true });
      await untilOver(stream);
      stream.send({ last: true });
    },
    { lifeMs: 20 },
  );
  const text = await response.text();
  expect(text).toContain('{"first":true}');
  expect(text).toContain('{"last":true}');
  await Promise.all(works);
});

test("a client that hangs up aborts the signal of the work long before", async () => {
  let reason: unknown;
  const response = messageStream(
    () => undefined,
    async (stream) => {
      await untilOver(stream);
      reason = stream.signal.reason;
    },
    { lifeMs: 3_600_000 },
  );
  await response.body?.cancel();
  await expect.poll(() => String(reason)).toContain("hung up");
});
