import { describe, expect, it } from "vitest";
import { bounded } from "../../../worker/outbound/bounded-body.ts";

const JSON_TYPE = { "content-type": "application/json" };
const STREAM_TYPE = { "content-type": "text/event-stream" };

function streamed(chunks: readonly string[], init: ResponseInit): Response {
  const encoder = new TextEncoder();
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
        controller.close();
      },
    }),
    init,
  );
}

describe("a reply's body", () => {
  it("of up to the limit is given as it is", async () => {
    const reply = await bounded(streamed(["12345", "67890"], { headers: JSON_TYPE }), 10);
    expect(await reply.text()).toBe("1234567890");
    expect(reply.headers.get("content-type")).toBe("application/json");
  });

  it("over the limit errors with its name, whether or not it said its length", async () => {
    const quiet = await bounded(streamed(["12345", "678901"], { headers: JSON_TYPE }), 10);
    await expect(quiet.text()).rejects.toMatchObject({ name: "ReplyTooLongError" });
    const said = await bounded(new Response("12345678901", { headers: { "content-length": "11" } }), 10);
    await expect(said.text()).rejects.toMatchObject({ name: "ReplyTooLongError" });
    const packed = { "content-length": "3", "content-encoding": "gzip" };
    const unpacked = await bounded(streamed(["12345678901"], { headers: packed }), 10);
    await expect(unpacked.text()).rejects.toMatchObject({
      name: "ReplyTooLongError",
    });
  });

  it("never ends the reading of a stream, however many events it has", async () => {
    const events = Array.from({ length: 100 }, (_, index) => `data: ${index}\n\n`);
    const reply = await bounded(streamed(events, { headers: STREAM_TYPE }), 12);
    expect(await reply.text()).toBe(events.join(""));
  });

  it.each(["\n", "\r", "\r\n"])(
    "errors at an event that is too long, with lines ending in %j",
    async (end) => {
      const short = `data: 1${end}${end}`;
      const long = ["data: ", "x".repeat(20), `${end}${end}`];
      const ok = await bounded(streamed([short, short, short], { headers: STREAM_TYPE }), 16);
      expect(await ok.text()).toBe(short.repeat(3));
      const bad = await bounded(streamed([short, ...long], { headers: STREAM_TYPE }), 16);
      await expect(bad.text()).rejects.toMatchObject({ name: "ReplyTooLongError" });
    },
  );

  it("of an error page is cut, so that its beginning can be read", async () => {
    const page = streamed(["<html>", "x".repeat(100)], { status: 502 });
    const cut = await bounded(page, 10);
    expect([cut.status, await cut.text()]).toEqual([502, "<html>xxxx"]);
  });
});
