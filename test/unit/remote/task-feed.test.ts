import { describe, expect, it } from "vitest";
import type { Task, TaskView } from "../../../src/index.ts";
import {
  askingTask,
  COMPLETED,
  COMPLETED_APART,
  type HeldStream,
  ID,
  type RemoteLab,
  remoteLab,
  taskOf,
} from "./scripted-worker.ts";

const UNFINISHED = "/v1/tasks?limit=100&status=unfinished";

async function running(): Promise<RemoteLab & { task: Task }> {
  const lab = remoteLab();
  const calling = lab.client.callTool("papers", "report");
  await (await lab.worker.expect("POST", "/v1/endpoints/papers/calls")).reply(202, taskOf());
  return { ...lab, task: await calling };
}

/** Opens the stream the client asks for, and answers the list it then asks for. */
async function opened({ worker }: RemoteLab, tasks = [taskOf()]): Promise<HeldStream> {
  const stream = await (await worker.expect("GET", "/v1/events")).stream();
  await stream.ready(false);
  await (await worker.expect("GET", UNFINISHED)).reply(200, { tasks });
  return stream;
}

describe("the stream of events", () => {
  it("is open while a task is unfinished or somebody listens, and one for all", async () => {
    const lab = await running();
    const { client, worker } = lab;
    const stream = await opened(lab);
    const unsubscribe = client.subscribe(() => undefined);
    expect(await worker.quiet()).toEqual([]);
    await stream.send("task", COMPLETED_APART, "p1");
    expect(stream.cancelled).toBe(false);
    unsubscribe();
    expect(stream.cancelled).toBe(true);
    client.subscribe(() => undefined);
    expect((await worker.expect("GET", "/v1/events")).headers.get("last-event-id")).toBe("p1");
  });

  it("brings updates, progress and the outcome", async () => {
    const lab = await running();
    const { client, task } = lab;
    const updates: TaskView[] = [];
    const notified: string[] = [];
    client.subscribe(({ view: { id, status } }) => notified.push(`${id} ${status}`));
    task.subscribe(() => updates.push(task.view));
    const stream = await opened(lab);
    await stream.send("progress", { id: ID, progress: { progress: 1, total: 2 } });
    await stream.send("task", askingTask(2), "p1");
    await stream.send("task", COMPLETED_APART, "p2");
    expect(updates.map(({ status, progress }) => [status, progress?.progress])).toEqual([
      ["working", 1],
      ["input_required", undefined],
      ["completed", undefined],
    ]);
    expect(notified).toEqual([`${ID} working`, `${ID} input_required`, `${ID} completed`]);
  });

  it("reports a deletion by another client, and one's own", async () => {
    const lab = await running();
    const gone: string[] = [];
    lab.client.subscribe(
      () => undefined,
      (id) => gone.push(id),
    );
    const stream = await opened(lab);
    await stream.send("forgotten", { id: "papers.0.other" });
    await stream.send("forgotten", { id: 7 });
    const forgetting = lab.client.forget(ID);
    await (await lab.worker.expect("DELETE", `/v1/tasks/${ID}`)).reply(204);
    await forgetting;
    expect(gone).toEqual(["papers.0.other", ID]);
  });

  it("an event that comes twice, or brings nothing new, does not notify subscribers", async () => {
    const lab = await running();
    let updates = 0;
    lab.task.subscribe(() => updates++);
    const stream = await opened(lab);
    const snapshot = {
      taskId: "upstream-1",
      status: "working",
      createdAt: "",
      lastUpdatedAt: "",
      ttlMs: null,
    } as const;
    for (let turn = 0; turn < 3; turn++) await stream.send("task", taskOf({ rev: 2, snapshot }), "p1");
    await stream.send("task", taskOf({ rev: 1, status: "calling" }), "p2");
    expect(updates).toBe(1);
  });

  it("a listener is notified once of a call made here, not again by its event", async () => {
    const lab = remoteLab();
    const notified: string[] = [];
    lab.client.subscribe(({ view: { id, status } }) => notified.push(`${id} ${status}`));
    const stream = await opened(lab, []);
    const calling = lab.client.callTool("papers", "report");
    await (await lab.worker.expect("POST", "/v1/endpoints/papers/calls")).reply(202, taskOf());
    await stream.send("task", taskOf(), "p1");
    expect(notified).toEqual([`${(await calling).id} working`]);
  });

  it("notifies a listener of tasks that others began", async () => {
    const lab = remoteLab();
    const notified: Task[] = [];
    lab.client.subscribe((task) => notified.push(task));
    const stream = await opened(lab, [taskOf({ id: "papers.0.old" })]);
    expect(notified, "what was there before is no change").toEqual([]);
    await stream.send("task", taskOf({ id: "papers.0.new", tool: "other" }), "p1");
    expect(notified.map(({ view: { id, tool } }) => [id, tool])).toEqual([["papers.0.new", "other"]]);
  });

  it("that breaks is opened again from where it was, with longer and longer waits, and nothing is asked twice", async () => {
    const lab = await running();
    const { worker, clock, task, problems } = lab;
    let stream = await opened(lab);
    await stream.send("task", taskOf({ rev: 2 }), "p1");
    await stream.break();
    await clock.advance(1_000);
    await (await worker.expect("GET", "/v1/events")).fail();
    await clock.advance(999);
    expect(await worker.quiet()).toEqual([]);
    await clock.advance(1_001);
    const request = await worker.expect("GET", "/v1/events");
    expect(request.headers.get("last-event-id")).toBe("p1");
    expect(request.headers.get("authorization")).toBe("Bearer t0ken");
    stream = await request.stream();
    await stream.ready(true, "p1");
    expect(await worker.quiet()).toEqual([]);
    await stream.send("task", COMPLETED_APART, "p2");
    expect(task.view.status).toBe("completed");
    expect(problems.map(({ kind }) => kind)).toEqual(["events", "events"]);
  });

  it("a nudge opens it again at once", async () => {
    const lab = await running();
    const stream = await opened(lab);
    await stream.end();
    lab.client.nudge();
    await lab.worker.expect("GET", "/v1/events");
  });

  it("silent for 45 s it is dead; heartbeats keep it", async () => {
    const lab = await running();
    const { worker, clock } = lab;
    const stream = await opened(lab);
    for (let beat = 0; beat < 10; beat++) {
      await clock.advance(15_000);
      await stream.text(": alive\n\n");
    }
    expect(await worker.quiet()).toEqual([]);
    await clock.advance(44_999);
    expect(stream.cancelled).toBe(false);
    await clock.advance(1);
    expect(stream.cancelled).toBe(true);
    await clock.advance(1_000);
    await worker.expect("GET", "/v1/events");
  });

  it("what happened before it was open is asked for: an outcome, a deletion", async () => {
    const lab = await running();
    const { worker, task } = lab;
    await (await (await worker.expect("GET", "/v1/events")).stream()).ready(false);
    await (await worker.expect("GET", UNFINISHED)).reply(200, { tasks: [] });
    await (await worker.expect("GET", `/v1/tasks/${ID}`)).reply(200, COMPLETED);
    expect(task.view.status).toBe("completed");

    const other = await running();
    await (await (await other.worker.expect("GET", "/v1/events")).stream()).ready(false);
    await (await other.worker.expect("GET", UNFINISHED)).reply(200, { tasks: [] });
    await (await other.worker.expect("GET", `/v1/tasks/${ID}`)).refuse(404, "unknown-task");
    expect(other.task.view.status).toBe("lost");
  });

  it("after a gap the whole list is requested until that succeeds, and the listeners are notified of what is new", async () => {
    const lab = await running();
    const { client, worker, clock } = lab;
    const stream = await opened(lab);
    const notified: string[] = [];
    client.subscribe(({ view: { id, status } }) => notified.push(`${id} ${status}`));
    await stream.ready(false, "p9");
    for (let failure = 0; failure < 6; failure++) {
      await (await worker.expect("GET", "/v1/tasks?limit=100")).refuse(503, "unavailable", {
        "retry-after": "1",
      });
      await clock.advance(40_000);
      await stream.text(": alive\n\n");
    }
    const missed = { ...COMPLETED_APART, id: "papers.0.missed" };
    await (await worker.expect("GET", "/v1/tasks?limit=100")).reply(200, {
      tasks: [missed, askingTask(3)],
    });
    expect(notified).toEqual(["papers.0.missed completed", `${ID} input_required`]);
  });

  it("a catching up that was refused is made up for when the stream next opens", async () => {
    const lab = await running();
    const { worker, clock, task } = lab;
    const stream = await (await worker.expect("GET", "/v1/events")).stream();
    await stream.ready(false);
    await (await worker.expect("GET", UNFINISHED)).refuse(401, "unauthorized");
    await stream.end();
    await clock.advance(1_000);
    await (await (await worker.expect("GET", "/v1/events")).stream()).ready(true, "p1");
    await (await worker.expect("GET", UNFINISHED)).reply(200, {
      tasks: [askingTask(4)],
    });
    expect(task.view.status).toBe("input_required");
  });

  it("is opened after a refusal too, and says why it is not", async () => {
    const { worker, clock, problems } = await running();
    await (await worker.expect("GET", "/v1/events")).refuse(401, "unauthorized");
    expect(problems).toMatchObject([{ kind: "events", error: { status: 401 } }]);
    await clock.advance(1_000);
    await (await worker.expect("GET", "/v1/events")).reply(200, {});
    expect(problems.at(-1)).toMatchObject({ error: { code: "malformed" } });
    await clock.advance(2_000);
    await worker.expect("GET", "/v1/events");
  });

  it("events that cannot be read are left out", async () => {
    const lab = await running();
    const stream = await opened(lab);
    await stream.text("id: p1\nevent: task\ndata: {\n\n");
    await stream.send("progress", { id: ID, progress: "half" });
    await stream.send("odd", taskOf({ rev: 7, status: "lost" }), "p2");
    expect(lab.task.view.status).toBe("working");
    expect(lab.problems).toMatchObject([{ kind: "events", error: { code: "malformed" } }]);
  });

  it("closing the client closes it, and ends every wait", async () => {
    const lab = await running();
    const stream = await opened(lab);
    const reading = expect(lab.task.result()).rejects.toThrow("closed");
    await lab.client.close();
    await reading;
    expect(stream.cancelled).toBe(true);
    expect(lab.clock.pending).toBe(0);
    lab.client.subscribe(() => undefined);
    expect(await lab.worker.quiet()).toEqual([]);
  });
});
