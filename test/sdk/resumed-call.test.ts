import { afterEach, describe, expect, it, test } from "vitest";
import { fromUrl, type HttpOptions } from "../../src/channel/http.ts";
import { fromUrl as fromUrlV1 } from "../../src/channel/sdk-v1.ts";
import type { TaskRecord } from "../../src/engine/record.ts";
import { timerHost } from "../../src/hosts/timer-host.ts";
import type { Task, TaskClient, TaskClientOptions } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import type { TaskStore } from "../../src/store/task-store.ts";
import { type BareServer, DONE } from "./bare-server.ts";
import { BreakingProxy } from "./breaking-proxy.ts";
import { EventStore, type Resumption } from "./event-store.ts";
import { startEverythingServer } from "./everything-server.ts";
import { MortalPage } from "./mortal-page.ts";
import { clientOf, serverOf } from "./quirks.ts";
import { until } from "./until.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Resolves with the record of the call whose response stream can be resumed. */
async function resumable(store: TaskStore): Promise<TaskRecord> {
  let found: TaskRecord | undefined;
  return until("a stored response stream", () => {
    void store.loadActive().then((records) => {
      found = (records as TaskRecord[]).find(({ stream }) => stream);
    });
    return found;
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("a plain call of server-everything", () => {
  async function proxied(): Promise<BreakingProxy> {
    const everything = await startEverythingServer();
    closers.push(() => everything.stop());
    const proxy = await BreakingProxy.before(everything.url);
    closers.push(() => proxy.close());
    return proxy;
  }

  test("whose page dies at a random moment brings its reply to the next page, and runs once", async () => {
    const proxy = await proxied();
    const store = memoryStore();
    const pageOne = new MortalPage(proxy.url, store);
    const args = { duration: 30, steps: 15 };
    const task = await pageOne.client.start("server", "trigger-long-running-operation", args);
    await resumable(store);
    await pause(Math.random() * 28_000);
    pageOne.die();
    const pageTwo = clientOf(fromUrl(proxy.url), { store });
    const [again] = await pageTwo.resume();
    expect(again?.id).toBe(task.id);
    expect((await again?.result())?.content).toEqual([
      { type: "text", text: "Long running operation completed. Duration: 30 seconds, Steps: 15." },
    ]);
    expect(proxy.count("tools/call")).toBe(1);
    expect(proxy.count("initialize")).toBe(1);
    expect(await pageTwo.get(task.id)).toMatchObject({ view: { status: "completed" } });
    expect(await store.load(task.id)).not.toHaveProperty("stream");
  });

  test("that a proxy cuts ten times keeps its page waiting for the reply, and runs once", async () => {
    const proxy = await proxied();
    let cuts = 0;
    proxy.onChunk = (passing, chunk) => {
      if (!chunk.includes("notifications/progress") || cuts >= 10) return true;
      cuts++;
      passing.cut();
      return false;
    };
    const client = clientOf(fromUrl(proxy.url));
    const task = await client.start("server", "trigger-long-running-operation", { duration: 12, steps: 60 });
    expect((await task.result()).content).toMatchObject([{ text: expect.stringContaining("completed") }]);
    expect(cuts).toBe(10);
    expect(proxy.count("tools/call")).toBe(1);
    expect(proxy.count("notifications/cancelled")).toBe(0);
  });
});

/** A plain call in flight in a first page, and what the pages after it see. */
class Story {
  readonly store: TaskStore = memoryStore();
  readonly events: EventStore;
  readonly server: BareServer;
  readonly pageOne: MortalPage;
  task!: Task;

  private constructor(server: BareServer, events: EventStore, options: Partial<TaskClientOptions>) {
    this.server = server;
    this.events = events;
    this.pageOne = new MortalPage(server.url, this.store, options);
  }

  static async begin(
    options: Partial<TaskClientOptions> = {},
    { repeatable, events = new EventStore() }: { repeatable?: boolean; events?: EventStore } = {},
  ): Promise<Story> {
    const story = new Story(await serverOf(events.answers), events, options);
    const chosen = repeatable === undefined ? {} : { repeatable };
    story.task = await story.pageOne.client.start("server", "plain", {}, chosen);
    await until("the call", () => events.calls === 1);
    return story;
  }

  /** The first page dies, and another resumes its tasks. */
  async reload(options: Partial<TaskClientOptions> = {}, http: HttpOptions = {}): Promise<Task> {
    await resumable(this.store);
    this.pageOne.die();
    return this.next(options, http);
  }

  async next(options: Partial<TaskClientOptions> = {}, http: HttpOptions = {}): Promise<Task> {
    const client = clientOf(fromUrl(this.server.url, { era: "2025-11-25", ...http }), {
      store: this.store,
      ...options,
    });
    const [task] = await client.resume();
    return task as Task;
  }
}

const outcomeOf = async (task: Task): Promise<unknown> => {
  await task.result().catch(() => undefined);
  return task.view.outcome;
};

describe("a plain call whose response stream has event ids", () => {
  it("is resumed after its last stored event, in the session of the call, by the next page", async () => {
    const story = await Story.begin();
    const record = await resumable(story.store);
    story.events.progress(story.task.id, 1);
    const task = await story.reload();
    await until("the resumption", () => story.events.resumed.length > 0);
    expect(story.events.resumed[0]).toEqual({ after: record.stream?.lastEventId, sessionId: "session-1" });
    // What came after the stored event is replayed.
    await until("progress", () => task.view.progress?.progress === 1);
    story.events.reply({ result: DONE });
    expect(await task.result()).toEqual(DONE);
    expect(story.events.calls).toBe(1);
  });

  it("writes the first event and the end, whatever comes in between", async () => {
    const story = await Story.begin();
    await resumable(story.store);
    const before = story.pageOne.written.length;
    for (let step = 1; step <= 200; step++) story.events.progress(story.task.id, step);
    await until("progress", () => story.task.view.progress?.progress === 200);
    story.events.reply({ result: DONE });
    expect(await story.task.result()).toEqual(DONE);
    expect(story.pageOne.written.slice(before)).toEqual([]);
    // The page has the end in hand: nothing stays behind.
    expect(await story.store.load(story.task.id)).toBeUndefined();
  });

  it("brings an error of the server to the next page", async () => {
    const story = await Story.begin();
    const task = await story.reload();
    story.events.reply({ error: { code: -32000, message: "The printer is on fire" } });
    expect(await outcomeOf(task)).toMatchObject({ kind: "failed", error: { rpc: { code: -32000 } } });
  });

  it("brings the reply from a server that sends later events only to the next GET", async () => {
    const story = await Story.begin();
    story.events.resumptions = ["stored"];
    const task = await story.reload();
    await until("the resumption", () => story.events.resumed.length > 0);
    story.events.reply({ result: DONE });
    expect(await task.result()).toEqual(DONE);
    expect(story.events.resumed.length).toBeGreaterThan(1);
  });

  it("passes replies to other requests over, which some servers replay with it", async () => {
    const story = await Story.begin();
    const task = await story.reload();
    await until("the resumption", () => story.events.resumed.length > 0);
    story.events.send({});
    story.events.send({ id: 2 ** 30 + 5, result: { tools: [] } });
    story.events.cut();
    story.events.reply({ result: DONE });
    expect(await task.result()).toEqual(DONE);
  });

  it.each<Resumption>([404, 400, 405, 204, "page", "empty"])(
    "is lost, and said to be, if the server answers its resumption with %s",
    async (how) => {
      const story = await Story.begin();
      story.events.resumptions = [how];
      const outcome = await outcomeOf(await story.reload());
      expect(outcome).toMatchObject({ kind: "lost", detail: expect.stringContaining("The response stream") });
      expect(story.events.calls).toBe(1);
    },
  );

  it("is called again if the server forgot the stream, where the tool may be repeated", async () => {
    const story = await Story.begin({}, { repeatable: true });
    story.events.resumptions = [404];
    const task = await story.reload();
    await until("the second call", () => story.events.calls === 2);
    story.events.reply({ result: DONE });
    expect(await task.result()).toEqual(DONE);
    expect(story.events.calls).toBe(2);
  });

  it("is not called again while the server may still have the stream, although the tool may be repeated", async () => {
    const story = await Story.begin({}, { repeatable: true });
    story.events.resumptions = [409, 503, "live"];
    const task = await story.reload();
    await until("the resumption", () => story.events.resumed.length === 3);
    story.events.reply({ result: DONE });
    expect(await task.result()).toEqual(DONE);
    expect(story.events.calls).toBe(1);
  });

  it.each<Resumption>([401, 409, 500, 503])("waits for a server that answers %s for now", async (how) => {
    const story = await Story.begin();
    story.events.resumptions = [how, how, how, "live"];
    const task = await story.reload();
    await until("the resumption", () => story.events.resumed.length === 4);
    story.events.reply({ result: DONE });
    expect(await task.result()).toEqual(DONE);
  });

  it("waits for a network that is away longer than a request may take, in the page that made it", async () => {
    const events = new EventStore();
    const server = await serverOf(events.answers);
    const proxy = await BreakingProxy.before(server.url);
    closers.push(() => proxy.close());
    const store = memoryStore();
    const client = clientOf(fromUrl(proxy.url, { era: "2025-11-25" }), { store, requestTimeoutMs: 2_000 });
    const task = await client.start("server", "plain");
    // A cut before the first id has come loses the call.
    await resumable(store);
    proxy.down = true;
    proxy.cutAll();
    await until("a failure", () => task.view.retry);
    events.reply({ result: DONE });
    await pause(2_500);
    proxy.down = false;
    client.nudge();
    expect(await task.result()).toEqual(DONE);
    expect(events.calls).toBe(1);
    expect(task.view.retry).toBeUndefined();
  });

  it("ends as lost when its reply takes longer than a request may, and cancels it at the server under its id", async () => {
    const story = await Story.begin();
    const task = await story.reload({ requestTimeoutMs: 500 });
    expect(await outcomeOf(task)).toMatchObject({ kind: "lost", detail: expect.stringContaining("500 ms") });
    const call = story.server.of("tools/call")[0];
    await until("the cancellation", () => story.server.of("notifications/cancelled").length === 1);
    expect(story.server.of("notifications/cancelled")[0]?.params).toMatchObject({ requestId: call?.id });
  });

  it("is kept alive by progress past the timeout of a request, in the next page too", async () => {
    const story = await Story.begin();
    const task = await story.reload({ requestTimeoutMs: 1_000 });
    for (let step = 1; step <= 8; step++) {
      await pause(300);
      story.events.progress(task.id, step);
    }
    story.events.reply({ result: DONE });
    expect(await task.result()).toEqual(DONE);
  });

  it("is cancelled by the next page under the id that the first page gave it", async () => {
    const story = await Story.begin();
    const task = await story.reload();
    await until("the resumption", () => story.events.resumed.length > 0);
    await task.cancel();
    expect(await outcomeOf(task)).toMatchObject({ kind: "cancelled" });
    const [cancelled] = story.server.of("notifications/cancelled");
    expect(cancelled?.params).toMatchObject({ requestId: story.server.of("tools/call")[0]?.id });
  });

  it("goes on at the server when its page closes", async () => {
    const story = await Story.begin();
    await resumable(story.store);
    await story.pageOne.client.close();
    const task = await story.next();
    await until("the resumption", () => story.events.resumed.length > 0);
    expect(story.server.of("notifications/cancelled")).toEqual([]);
    story.events.reply({ result: DONE });
    expect(await task.result()).toEqual(DONE);
  });

  it("keeps the question that the server asked on it, and the next page answers it", async () => {
    const story = await Story.begin();
    const requestedSchema = { type: "object", properties: {} };
    story.events.send({
      id: "ask-1",
      method: "elicitation/create",
      params: { message: "Which edition?", requestedSchema },
    });
    await until("the question", () => story.task.view.inputRequests.length === 1);
    const task = await story.reload();
    expect(task.view.inputRequests).toHaveLength(1);
    await until("the resumption", () => story.events.resumed.length > 0);
    await task.answer(task.view.inputRequests[0]?.key ?? "", { action: "accept", content: {} });
    const answers = () => story.server.seen.filter(({ body }) => body.includes('"id":"ask-1"'));
    await until("the answer", () => answers().length === 1);
    story.events.reply({ result: DONE });
    expect(await task.result()).toEqual(DONE);
    expect(answers()).toHaveLength(1);
  });

  it("is lost if its event ids are longer than a record may hold", async () => {
    const events = new EventStore("x".repeat(3_000));
    const story = await Story.begin({ host: { ...timerHost(), persistPlain: true } }, { events });
    events.progress(story.task.id, 1);
    await until("progress", () => story.task.view.progress);
    story.pageOne.die();
    expect(await outcomeOf(await story.next())).toMatchObject({ kind: "lost" });
    expect(events.resumed).toEqual([]);
  });

  it("is lost, and the reason is said, if the next page has a connector that resumes no streams", async () => {
    const story = await Story.begin();
    await resumable(story.store);
    story.pageOne.die();
    const client: TaskClient = clientOf(fromUrlV1(story.server.url), { store: story.store });
    const [task] = await client.resume();
    expect(await outcomeOf(task as Task)).toMatchObject({
      kind: "lost",
      detail: expect.stringContaining("fromUrl of holdfast/http"),
    });
    expect(story.events.calls).toBe(1);
  });
});

test("event ids of a 2026-07-28 server resume nothing: its streams are not resumable", async () => {
  const store = memoryStore();
  const server = await serverOf(
    {
      "tools/call": ({ response }) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        return void response.end("id: 1\ndata:\n\n");
      },
    },
    "2026-07-28",
  );
  const client = clientOf(fromUrl(server.url), { store });
  await expect(client.callTool("server", "slow")).rejects.toThrow("ended without a response");
  expect(server.seen.filter(({ http }) => http.method === "GET")).toEqual([]);
});
