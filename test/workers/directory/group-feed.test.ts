import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { admitted, ask, inDirectory } from "./directory-lab.ts";
import { FakeGroups } from "./fake-groups.ts";

const ADDRESS = "https://directory/groups/events";
const READY = "event: ready\ndata: {}";

let count = 0;
let principal: string;

beforeEach(() => {
  count += 1;
  principal = `feed-${count}`;
});

afterEach(() => {
  vi.useRealTimers();
});

function group(endpoint: string, shard: number): string {
  return `event: group\ndata: ${JSON.stringify({ endpoint, shard })}`;
}

/** Reads a stream event by event. */
class EventReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(response: Response) {
    if (!response.body) throw new Error("No body");
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  async next(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n\n");
      if (end >= 0) {
        const event = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 2);
        return event;
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("The stream ended");
      this.#rest += value;
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

describe("the feed of groups", () => {
  it("sends those there are, then that these were all, then each new one, once", async () => {
    const stub = env.PRINCIPALS.getByName(principal);
    await stub.admit(ask({ endpoint: "papers" }));
    const response = await stub.fetch(ADDRESS);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const events = new EventReader(response);
    expect(await events.next()).toBe(group("papers", 0));
    expect(await events.next()).toBe(READY);
    await stub.admit(ask({ endpoint: "papers" }));
    await stub.admit(ask({ endpoint: "other" }));
    await stub.admit(ask({ endpoint: "other" }));
    await stub.admit(ask({ endpoint: "third" }));
    expect(await events.next()).toBe(group("other", 0));
    expect(await events.next()).toBe(group("third", 0));
    await events.cancel();
  });

  it("sends to every reader, and goes on when one has gone", async () => {
    const stub = env.PRINCIPALS.getByName(principal);
    const [gone, stays] = [
      new EventReader(await stub.fetch(ADDRESS)),
      new EventReader(await stub.fetch(ADDRESS)),
    ];
    expect([await gone.next(), await stays.next()]).toEqual([READY, READY]);
    await stub.admit(ask({ endpoint: "papers" }));
    expect([await gone.next(), await stays.next()]).toEqual([group("papers", 0), group("papers", 0)]);
    await gone.cancel();
    await stub.admit(ask({ endpoint: "other" }));
    expect(await stays.next()).toBe(group("other", 0));
    await stays.cancel();
  });

  it("is nobody else's", async () => {
    const events = new EventReader(await env.PRINCIPALS.getByName(principal).fetch(ADDRESS));
    expect(await events.next()).toBe(READY);
    admitted(await env.PRINCIPALS.getByName(`${principal}-other`).admit(ask({ endpoint: "secret" })));
    admitted(await env.PRINCIPALS.getByName(principal).admit(ask({ endpoint: "own" })));
    expect(await events.next()).toBe(group("own", 0));
    await events.cancel();
  });

  it("has a heartbeat while someone reads, and no timer after that", () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    return inDirectory(principal, new FakeGroups(), async (directory) => {
      const open = async () => new EventReader(await directory.fetch(new Request(ADDRESS)));
      expect(vi.getTimerCount()).toBe(0);
      const events = [await open(), await open()];
      expect(await Promise.all(events.map((reader) => reader.next()))).toEqual([READY, READY]);
      expect(vi.getTimerCount()).toBe(2);
      vi.advanceTimersByTime(15_000);
      expect(await Promise.all(events.map((reader) => reader.next()))).toEqual([": alive", ": alive"]);
      for (const reader of events) await reader.cancel();
      vi.advanceTimersByTime(15_000);
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it("is at one address only", async () => {
    const response = await env.PRINCIPALS.getByName(principal).fetch("https://directory/groups");
    expect(response.status).toBe(404);
    await response.body?.cancel();
  });
});
