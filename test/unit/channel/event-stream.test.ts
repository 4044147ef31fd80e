import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventStreamParser, readEventStream, type StreamedEvent } from "../../../src/remote/index.ts";

function parse(text: string): readonly StreamedEvent[] {
  return new EventStreamParser().push(new TextEncoder().encode(text));
}

/** The bytes in chunks of the sizes given, over and over. */
function parseInChunks(bytes: Uint8Array, sizes: readonly number[]): readonly StreamedEvent[] {
  const parser = new EventStreamParser();
  const events: StreamedEvent[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    events.push(...parser.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return events;
}

const END = fc.constantFrom("\n", "\r", "\r\n");
const LINE = fc.oneof(
  fc.constantFrom(
    "",
    ":",
    ": a comment",
    "data",
    "data:",
    "data: ",
    "id",
    "id:",
    "event:",
    "retry: 10",
    "datax: 1",
  ),
  fc.string({ unit: "binary", maxLength: 8 }).map((value) => `data: ${value.replace(/[\r\n]/g, "")}`),
  fc.constantFrom("id: 7", "id: a\0b", "event: task", "data:  two spaces", "data: a:b", "\uFEFFdata: 1"),
);

describe("the parser", () => {
  it("reads the same events however the bytes are cut", () => {
    const streams = fc.array(fc.tuple(LINE, END), { maxLength: 30 });
    const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.boolean(), streams, sizes, (mark, lines, cut) => {
        const text = (mark ? "\uFEFF" : "") + lines.map(([line, end]) => line + end).join("");
        const bytes = new TextEncoder().encode(text);
        expect(parseInChunks(bytes, cut)).toEqual(parseInChunks(bytes, [bytes.length || 1]));
      }),
    );
  });

  it("reads what was written, with any line ends and comments between", () => {
    const text = fc.string({ unit: "binary", maxLength: 20 }).map((value) => value.replace(/\r\n?/g, "\n"));
    const name = fc.string({ maxLength: 8 }).filter((value) => !/[\r\n\0]/.test(value) && value !== "");
    const event = fc.record({
      data: text,
      type: fc.option(name),
      id: fc.option(name),
      comment: fc.boolean(),
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 10 }), END, sizes, (events, end, cut) => {
        const lines = events.flatMap(({ data, type, id, comment }) => [
          ...(comment ? [":here"] : []),
          ...(type === null ? [] : [`event: ${type}`]),
          ...(id === null ? [] : [`id: ${id}`]),
          ...data.split("\n").map((line) => `data: ${line}`),
          "",
        ]);
        const bytes = new TextEncoder().encode(lines.map((line) => line + end).join(""));
        const read = parseInChunks(bytes, cut);
        expect(read.map(({ type, data, id }) => ({ type, data, id }))).toEqual(
          events.map(({ type, data, id }) => ({
            type: type ?? "message",
            data: new TextDecoder().decode(new TextEncoder().encode(data)),
            id: id ?? undefined,
          })),
        );
      }),
    );
  });

  it("keeps the last id over events without one, and an empty one takes it back", () => {
    const events = parse("id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n");
    expect(events.map(({ lastEventId }) => lastEventId)).toEqual(["7", "7", ""]);
    expect(events.map(({ id }) => id)).toEqual(["7", undefined, ""]);
  });

  it("an id without data counts, and is not an event", () => {
    expect(parse("id: 7\n\ndata: a\n\n")).toEqual([{ type: "message", data: "a", lastEventId: "7" }]);
  });

  it("an id that contains NUL is ignored", () => {
    expect(parse("id: 7\ndata: a\n\nid: 8\0\ndata: b\n\n").map(({ lastEventId }) => lastEventId)).toEqual([
      "7",
      "7",
    ]);
  });

  it("a block without an empty line at its end is not an event yet", () => {
    expect(parse("data: a\n")).toEqual([]);
    expect(parse("event: task\n\ndata: a\n\n")).toMatchObject([{ type: "message" }]);
  });

  it("takes one space after the colon away, and only one", () => {
    expect(parse("data:a\ndata: b\ndata:  c\n\n")).toMatchObject([{ data: "a\nb\n c" }]);
  });

  it("remembers how long to wait before the next connection", () => {
    const parser = new EventStreamParser();
    parser.push(new TextEncoder().encode("retry: 1500\nretry: soon\n"));
    expect(parser.retryMs).toBe(1500);
    parser.push(new TextEncoder().encode(`retry: ${"9".repeat(400)}\n`));
    expect(parser.retryMs, "an hour at most: the server must have meant something else").toBe(3_600_000);
  });
});

describe("reading a stream", () => {
  const bodyOf = (source: UnderlyingDefaultSource<Uint8Array>): ReadableStream<Uint8Array> =>
    new ReadableStream(source);

  it("reports every chunk, heartbeats too", async () => {
    const body = bodyOf({
      start(controller) {
        for (const text of [": alive\n\n", "data: a\n\n"]) controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      },
    });
    let chunks = 0;
    const events: StreamedEvent[] = [];
    for await (const event of readEventStream(body, { received: () => chunks++ })) events.push(event);
    expect([chunks, events.length]).toEqual([2, 1]);
  });

  it("an abort ends it without an error, and cancels the stream", async () => {
    let cancelled = false;
    const body = bodyOf({
      cancel() {
        cancelled = true;
      },
    });
    const leaving = new AbortController();
    const reading = readEventStream(body, { signal: leaving.signal }).next();
    leaving.abort();
    expect(await reading).toEqual({ done: true, value: undefined });
    expect(cancelled).toBe(true);
  });

  it("throws what the stream fails with", async () => {
    const body = bodyOf({
      start(controller) {
        controller.error(new Error("gone"));
      },
    });
    await expect(readEventStream(body).next()).rejects.toThrow("gone");
  });
});
