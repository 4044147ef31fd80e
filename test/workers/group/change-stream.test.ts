import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TaskView } from "holdfast";
import { DurableTasks } from "holdfast/durable-object";
import { readEventStream, type StreamedEvent } from "holdfast/remote";
import { expect, it } from "vitest";
import { ChangeStreams } from "../../../worker/group/change-stream.ts";
import { countedStorage } from "../../../worker/group/counted-storage.ts";
import { Counters } from "../../../worker/operations/counters.ts";
import { recordOfView } from "../../fixtures/record-of-view.ts";

const TASK: TaskView = {
  id: "a",
  endpoint: "lab",
  generation: "2026-07-28",
  tool: "acquire_paper",
  arguments: {},
  status: "working",
  rev: 1,
  createdAt: 1_000,
  taskId: "task-1",
  inputRequests: [],
  cancelling: false,
};

/** Tasks in an object of its own, which no worker uses. */
function withTasks(work: (tasks: DurableTasks) => Promise<void>): Promise<void> {
  const group = env.TASK_GROUP.getByName(crypto.randomUUID());
  return runInDurableObject(group, (_object, { storage }) => {
    const state = { id: { toString: () => "object" }, storage: countedStorage(storage, new Counters()) };
    return work(new DurableTasks(state, { endpoints: {} }));
  });
}

class Reader {
  readonly #events: AsyncGenerator<StreamedEvent, void, void>;
  readonly #leaving = new AbortController();

  constructor({ body }: Response) {
    if (!body) throw new Error("The response has no body");
    this.#events = readEventStream(body, { signal: this.#leaving.signal });
  }

  async next(): Promise<{ type: string; data: unknown; id: string | undefined }> {
    const { value, done } = await this.#events.next();
    if (done || !value) throw new Error("The stream ended");
    return { type: value.type, data: JSON.parse(value.data), id: value.id };
  }

  async revs(count: number): Promise<number[]> {
    const revs: number[] = [];
    while (revs.length < count) revs.push(((await this.next()).data as TaskView).rev);
    return revs;
  }

  leave(): void {
    this.#leaving.abort();
  }
}

it("a watcher receives the changes it missed and then new ones, each once and in order", () =>
  withTasks(async (tasks) => {
    const streams = new ChangeStreams(tasks);
    for (let rev = 1; rev <= 3; rev++) await tasks.record(recordOfView({ ...TASK, rev }));
    const reader = new Reader(streams.open({ after: 0, id: undefined }));
    expect(await reader.next()).toMatchObject({ type: "ready", data: {}, id: "0" });
    await tasks.record(recordOfView({ ...TASK, rev: 4 }));
    expect(await reader.revs(4)).toEqual([1, 2, 3, 4]);
    const next = reader.revs(1);
    await tasks.record(recordOfView({ ...TASK, rev: 5 }));
    expect(await next).toEqual([5]);
    await tasks.client.forget("a", { force: true });
    expect(await reader.next()).toEqual({ type: "forgotten", data: { id: "a" }, id: undefined });
    reader.leave();
  }));

it("a watcher of one task sees nothing of another", () =>
  withTasks(async (tasks) => {
    const reader = new Reader(new ChangeStreams(tasks).open({ after: undefined, id: "a" }));
    await reader.next();
    await tasks.record(recordOfView({ ...TASK, id: "b" }));
    await tasks.record(recordOfView(TASK));
    expect(await reader.next()).toMatchObject({ type: "task", data: { id: "a" } });
    reader.leave();
  }));

it("a watcher who reads slowly still sees the changes that are stored, and no queue grows for them", () =>
  withTasks(async (tasks) => {
    const streams = new ChangeStreams(tasks);
    const reader = new Reader(streams.open({ after: undefined, id: undefined }));
    await reader.next();
    // More than the latest events that are held for all streams.
    for (let n = 0; n < 1_200; n++) await tasks.record(recordOfView({ ...TASK, id: `task-${n}` }));
    const seen: unknown[] = [];
    while (seen.length < 1_200) seen.push(((await reader.next()).data as TaskView).id);
    expect(seen).toEqual(Array.from({ length: 1_200 }, (_, n) => `task-${n}`));
    reader.leave();
  }));

it("a watcher who missed more than is replayed receives a gap", () =>
  withTasks(async (tasks) => {
    const message = "x".repeat(15_000);
    const inputRequests = [{ key: "q", method: "elicitation/create", params: { message } }] as const;
    const streams = new ChangeStreams(tasks);
    const slow = new Reader(streams.open({ after: undefined, id: undefined }));
    await slow.next();
    for (let n = 0; n < 60; n++)
      await tasks.record(recordOfView({ ...TASK, id: `task-${n}`, inputRequests }));
    const late = new Reader(streams.open({ after: 0, id: undefined }));
    const gap = { type: "ready", data: { gap: true }, id: String(tasks.position()) };
    expect(await late.next()).toEqual(gap);
    expect(await slow.next()).toEqual(gap);
    await tasks.record(recordOfView(TASK));
    expect(await Promise.all([late.revs(1), slow.revs(1)])).toEqual([[1], [1]]);
    late.leave();
    slow.leave();
  }));
