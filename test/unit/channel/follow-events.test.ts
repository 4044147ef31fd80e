import { describe, expect, it } from "vitest";
import type { StreamedEvent } from "../../../src/channel/event-stream.ts";
import { followEvents } from "../../../src/channel/follow-events.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";
import { HeldStream } from "../remote/scripted-worker.ts";

function following(responses: readonly (() => Response)[]) {
  const clock = new FakeClock(0);
  const leaving = new AbortController();
  const taken: StreamedEvent[] = [];
  const breaks: [message: string, failures: number][] = [];
  let opened = 0;
  const over = followEvents({
    open: async () => {
      const next = responses[opened++];
      if (!next) {
        leaving.abort();
        throw new Error("No further stream");
      }
      return next();
    },
    take: (event) => void taken.push(event),
    broken: async (error, failures) => void breaks.push([(error as Error).message, failures]),
    signal: leaving.signal,
    clock,
  });
  return { clock, leaving, taken, breaks, over };
}

const streamed = (stream: HeldStream) => () => new Response(stream.body);
const refused = () => new Response("no", { status: 503 });

describe("followEvents()", () => {
  it("opens the stream again wherever it breaks, and counts failures since the last event", async () => {
    const first = new HeldStream(undefined);
    const { taken, breaks, over } = following([refused, refused, streamed(first), refused]);
    await settled();
    await first.send("task", { rev: 1 });
    await first.break();
    await over;
    expect(taken.map(({ type }) => type)).toEqual(["task"]);
    expect(breaks).toEqual([
      ["The stream was answered with 503", 1],
      ["The stream was answered with 503", 2],
      ["network error", 1],
      ["The stream was answered with 503", 2],
    ]);
  });

  it("takes a stream that is silent for 45 s for dead, and one with heartbeats for alive", async () => {
    const stream = new HeldStream(undefined);
    const { clock, breaks, over } = following([streamed(stream)]);
    await settled();
    for (let n = 0; n < 5; n++) {
      await clock.advance(30_000);
      await stream.text(": alive\n\n");
    }
    expect(breaks).toEqual([]);
    await clock.advance(45_000);
    await over;
    expect(breaks).toEqual([["No data arrived for 45000 ms", 1]]);
    expect(stream.cancelled).toBe(true);
  });

  it("resolves when it is aborted, and reports nothing then", async () => {
    const stream = new HeldStream(undefined);
    const { leaving, breaks, over } = following([streamed(stream)]);
    await settled();
    leaving.abort();
    await over;
    expect(breaks).toEqual([]);
    expect(stream.cancelled).toBe(true);
  });
});
