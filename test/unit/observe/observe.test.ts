import { describe, expect, test, vi } from "vitest";
import {
  forgetTask,
  observeCall,
  observeInputRequests,
  observeTask,
  observeTaskIds,
  observeTaskListing,
  observeTasks,
  taskHandle,
} from "../../../src/observe/index.ts";
import { settledRecord } from "../../fixtures/records.ts";
import { held, running, ScriptedClient } from "../react/scripted-client.ts";

const ids = (views: readonly { readonly id: string }[]): string => views.map(({ id }) => id).join(" ");

describe("observeTasks", () => {
  test("calls the listener with the value at once, with each change, and not after it was removed", async () => {
    const client = new ScriptedClient(running(2), settledRecord({ id: "task-1" }));
    const seen: string[] = [];
    const stop = observeTasks(client).subscribe((views) => seen.push(ids(views)));
    expect(seen).toEqual([""]);
    await vi.waitFor(() => expect(seen).toEqual(["", "task-1 task-2"]));
    client.publish("task-3", running(3));
    expect(seen.at(-1)).toBe("task-1 task-2 task-3");
    stop();
    client.publish("task-4", running(4));
    expect(seen).toHaveLength(3);
    expect(client.listeners).toBe(0);
  });

  test("is the same array, and calls nobody, while a change does not concern its filter", async () => {
    const client = new ScriptedClient(running(2), settledRecord({ id: "task-1" }));
    const settled = observeTasks(client, { where: ({ outcome }) => outcome !== undefined });
    const seen: unknown[] = [];
    settled.subscribe((views) => seen.push(views));
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    const before = settled.get();
    client.says("task-2", "reading");
    expect(settled.get()).toBe(before);
    expect(seen).toHaveLength(2);
  });

  test("two observers share one subscription and one list", async () => {
    const client = new ScriptedClient(running(1));
    const views = observeTasks(client);
    const names = observeTaskIds(client);
    views.subscribe(() => undefined);
    names.subscribe(() => undefined);
    await vi.waitFor(() => expect(names.get()).toEqual(["task-1"]));
    expect([client.subscriptions, client.lists]).toEqual([1, 1]);
  });
});

test("observeTask is undefined while the task is looked for, and null if the client does not have it", async () => {
  const client = new ScriptedClient(running(1));
  const [one, none] = [observeTask(client, "task-1"), observeTask(client, "task-9")];
  expect([one.get(), none.get()]).toEqual([undefined, undefined]);
  one.subscribe(() => undefined);
  none.subscribe(() => undefined);
  await vi.waitFor(() => expect([one.get()?.id, none.get()]).toEqual(["task-1", null]));
  expect(taskHandle(client, "task-1")?.id).toBe("task-1");
});

test("observeTaskListing says that the tasks could not be listed, and reload lists them anew", async () => {
  const client = new ScriptedClient(running(1));
  client.gate = Promise.reject(new Error("no database"));
  const listing = observeTaskListing(client);
  const seen: string[] = [];
  listing.subscribe(({ status }) => seen.push(status));
  await vi.waitFor(() => expect(seen).toEqual(["loading", "failed"]));
  client.gate = undefined;
  listing.reload();
  await vi.waitFor(() => expect(seen).toEqual(["loading", "failed", "loading", "ready"]));
});

test("observeInputRequests has a question until it is answered, and forgetTask removes a settled task", async () => {
  const client = new ScriptedClient(settledRecord({ id: "task-1" }));
  const questions = observeInputRequests(client);
  const views = observeTasks(client);
  questions.subscribe(() => undefined);
  views.subscribe(() => undefined);
  await vi.waitFor(() => expect(ids(views.get())).toBe("task-1"));
  expect(questions.get()).toEqual([]);
  await forgetTask(client, "task-1");
  expect(views.get()).toEqual([]);
});

describe("observeCall", () => {
  test("is pending until there is a task, then has its view, and its changes", async () => {
    const client = new ScriptedClient();
    const call = observeCall(client, "papers", "acquire_paper");
    const seen: string[] = [];
    call.subscribe(({ task, pending }) => seen.push(task?.status ?? (pending ? "pending" : "none")));
    const made = call.call({ doi: "10.1/1" });
    const task = client.change("task-1", {});
    client.calls[0]?.resolve(task);
    expect(await made).toBe(task);
    client.completes("task-1");
    expect(seen).toEqual(["none", "pending", "working", "completed"]);
  });

  test("shows only the latest call, and an error when no task existed", async () => {
    const client = new ScriptedClient();
    const call = observeCall(client, "papers", "acquire_paper");
    const first = call.call();
    const second = call.call();
    client.calls[1]?.reject(new Error("no such tool"));
    expect(await second).toBeUndefined();
    expect(call.get()).toMatchObject({ pending: false, error: new Error("no such tool") });
    client.calls[0]?.resolve(client.change("task-1", {}));
    await first;
    expect(call.get().task).toBeUndefined();
    call.reset();
    expect(call.get()).toEqual({ task: undefined, pending: false, error: undefined });
  });

  test("without a subscriber, get() has the view of now", async () => {
    const client = new ScriptedClient();
    const call = observeCall(client, "papers", "acquire_paper");
    const made = call.call();
    client.calls[0]?.resolve(client.change("task-1", {}));
    await made;
    expect(call.get().task?.status).toBe("working");
  });
});

test("of two lists that are asked for, the later counts, though the earlier comes last", async () => {
  const client = new ScriptedClient(running(1));
  const [slow, fast] = [held<void>(), held<void>()];
  client.gate = slow.promise;
  const views = observeTasks(client);
  const listing = observeTaskListing(client);
  const stop = [views.subscribe(() => undefined), listing.subscribe(() => undefined)];
  client.change("task-2", running(2));
  client.gate = fast.promise;
  listing.reload();
  fast.resolve();
  await vi.waitFor(() => expect(ids(views.get())).toBe("task-1 task-2"));
  slow.resolve();
  await slow.promise;
  await new Promise((resolve) => setTimeout(resolve));
  expect(ids(views.get())).toBe("task-1 task-2");
  for (const each of stop) each();
});
