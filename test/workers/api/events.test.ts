import type { TaskView } from "holdfast";
import type { StreamedEvent } from "holdfast/remote";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodePositions, encodePositions } from "../../../worker/api/events/position.ts";
import { type FakeGroup, fakeId, fakeTask } from "./fake-objects.ts";
import { ApiLab, type Watcher } from "./lab.ts";

let lab: ApiLab;
let papers: FakeGroup;
let press: FakeGroup;
const watchers: Watcher[] = [];

beforeEach(() => {
  lab = new ApiLab();
  papers = lab.objects.group("alice", "papers");
  press = lab.objects.group("alice", "press");
  lab.objects.PRINCIPALS.getByName("alice").list.push(papers.name, press.name);
});

afterEach(() => {
  for (const watcher of watchers.splice(0)) watcher.leave();
});

async function watch(path = "/v1/events", lastEventId?: string): Promise<Watcher> {
  const watcher = await lab.watch(path, lastEventId);
  watchers.push(watcher);
  return watcher;
}

const ready = (resumed: boolean) => ({ type: "ready", data: JSON.stringify({ resumed }) });

/** A numbered change of a task. */
function change(group: FakeGroup, n: number): void {
  group.put(fakeTask(fakeId(group.name.endpoint, group.name.shard, 1), { rev: n }));
}

function briefly(event: StreamedEvent): string {
  const { endpoint, rev } = JSON.parse(event.data) as TaskView;
  return `${endpoint} ${rev}`;
}

describe("the stream of all tasks", () => {
  test("is ready first, then reports what happens in any group, and nothing from before", async () => {
    change(papers, 1);
    const watcher = await watch();
    expect(watcher.response.headers.get("content-type")).toBe("text/event-stream");
    expect(await watcher.next()).toMatchObject(ready(false));
    change(press, 2);
    change(papers, 3);
    expect((await watcher.take(2)).map(briefly).sort()).toEqual(["papers 3", "press 2"]);
  });

  test("goes on from any event's id, with nothing missed and nothing twice", async () => {
    const watcher = await watch();
    await watcher.next();
    change(papers, 1);
    change(papers, 2);
    const [first] = await watcher.take(1);
    watcher.leave();
    change(press, 3);
    const again = await watch("/v1/events", first?.id);
    expect(await again.next()).toMatchObject(ready(true));
    expect((await again.take(2)).map(briefly).sort()).toEqual(["papers 2", "press 3"]);
  });

  test("a client that drops and returns 100 times sees every update once, in order", async () => {
    let position: string | undefined = (await (await watch()).next()).id;
    const seen: string[] = [];
    let made = 0;
    for (let visit = 0; visit < 100; visit++) {
      // What happens while nobody listens, and while somebody does.
      change(visit % 3 === 0 ? press : papers, ++made);
      const watcher = await watch("/v1/events", position);
      expect(await watcher.next()).toMatchObject(ready(true));
      change(visit % 2 === 0 ? press : papers, ++made);
      change(papers, ++made);
      // It drops in the midst: some of it is not read any more.
      for (const event of await watcher.take(1 + (visit % 3))) {
        seen.push(briefly(event));
        position = event.id;
      }
      watcher.leave();
    }
    const last = await watch("/v1/events", position);
    await last.next();
    while (seen.length < made) seen.push(briefly(await last.next()));
    for (const endpoint of ["papers", "press"]) {
      const revs = seen.filter((text) => text.startsWith(endpoint)).map((text) => Number(text.split(" ")[1]));
      expect(revs).toEqual([...revs].sort((a, b) => a - b));
    }
    expect(new Set(seen).size).toBe(made);
  });

  test("when a group's stream breaks, the client does not notice", async () => {
    const watcher = await watch();
    await watcher.next();
    for (const [n, how] of (["end", "error", "end"] as const).entries()) {
      papers.streams.lose(how);
      change(papers, n + 1);
    }
    expect((await watcher.take(3)).map(briefly)).toEqual(["papers 1", "papers 2", "papers 3"]);
  });

  test("a group that is opened later is in it, from its first change", async () => {
    const watcher = await watch();
    await watcher.next();
    const late = lab.objects.group("alice", "papers", 1);
    change(late, 1);
    lab.objects.PRINCIPALS.getByName("alice").open(late.name);
    change(late, 2);
    const events = await watcher.take(2);
    expect(events.map(briefly)).toEqual(["papers 1", "papers 2"]);
    const again = await watch("/v1/events", events[0]?.id);
    expect(await again.next()).toMatchObject(ready(true));
    expect(briefly(await again.next())).toBe("papers 2");
  });

  test("all changes of a group that was opened while the client was away are sent", async () => {
    const watcher = await watch();
    const { id } = await watcher.next();
    watcher.leave();
    const late = lab.objects.group("alice", "press", 1);
    lab.objects.PRINCIPALS.getByName("alice").open(late.name);
    change(late, 1);
    const again = await watch("/v1/events", id);
    await again.next();
    expect(briefly(await again.next())).toBe("press 1");
  });

  test("a group that lost its history is reported as a gap, before and while a client listens", async () => {
    for (let n = 1; n <= 3; n++) change(papers, n);
    const watcher = await watch();
    const { id } = await watcher.next();
    papers.reset();
    const again = await watch("/v1/events", id);
    expect(await again.next()).toMatchObject(ready(false));
    papers.streams.lose("end");
    expect(await watcher.next()).toMatchObject(ready(false));
    change(papers, 1);
    expect(briefly(await again.next())).toBe("papers 1");
    expect(briefly(await watcher.next())).toBe("papers 1");
  });

  test("a position that this worker did not issue: ready, not resumed", async () => {
    for (const id of ["17", "%%%", btoa('{"papers.0":"x"}'), "x".repeat(20_000)]) {
      expect(await (await watch("/v1/events", id)).next()).toMatchObject(ready(false));
    }
  });

  test("the position may be in the address, and the Last-Event-ID header overrides it", async () => {
    const { id = "" } = await (await watch()).next();
    change(papers, 1);
    const watcher = await watch(`/v1/events?after=${id}`);
    expect(await watcher.next()).toMatchObject(ready(true));
    const event = await watcher.next();
    const again = await watch(`/v1/events?after=${id}`, event.id);
    await again.next();
    change(papers, 2);
    expect(briefly(await again.next())).toBe("papers 2");
  });

  test("progress has no id of its own, so that it moves no position", async () => {
    const watcher = await watch();
    const { id } = await watcher.next();
    papers.progress("papers.0.x", 0.5);
    expect(await watcher.next()).toEqual({
      type: "progress",
      data: '{"id":"papers.0.x","progress":{"progress":0.5}}',
      lastEventId: id,
    });
  });

  test("a principal sees its own", async () => {
    const watcher = await lab.watch("/v1/events", undefined, "bob");
    watchers.push(watcher);
    await watcher.next();
    change(papers, 1);
    const bobs = lab.objects.group("bob", "papers");
    lab.objects.PRINCIPALS.getByName("bob").open(bobs.name);
    change(bobs, 2);
    expect(briefly(await watcher.next())).toBe("papers 2");
  });

  test("when the client leaves, no stream of an object stays open", async () => {
    const watcher = await watch();
    await watcher.next();
    expect(papers.streams.count).toBe(1);
    watcher.leave();
    await expect.poll(() => papers.streams.count + press.streams.count).toBe(0);
    expect(lab.objects.PRINCIPALS.getByName("alice").streams.count).toBe(0);
  });
});

describe("the stream of one task", () => {
  test("reports that one alone, and resumes from an id", async () => {
    const [id, other] = [fakeId("papers", 0, 1), fakeId("papers", 0, 2)];
    papers.put(fakeTask(id));
    const watcher = await watch(`/v1/tasks/${id}/events`);
    expect(await watcher.next()).toMatchObject(ready(false));
    papers.put(fakeTask(id, { rev: 2 }));
    const event = await watcher.next();
    expect(JSON.parse(event.data)).toMatchObject({ id, rev: 2 });
    watcher.leave();
    papers.put(fakeTask(other));
    papers.put(fakeTask(id, { rev: 3 }));
    const again = await watch(`/v1/tasks/${id}/events`, event.id);
    expect(await again.next()).toMatchObject(ready(true));
    expect(JSON.parse((await again.next()).data)).toMatchObject({ id, rev: 3 });
  });

  test("ends once it has sent the outcome", async () => {
    const id = fakeId("papers", 0, 3);
    papers.put(fakeTask(id));
    const watcher = await watch(`/v1/tasks/${id}/events`);
    expect(await watcher.next()).toMatchObject(ready(false));
    const result = { content: [] };
    papers.put(fakeTask(id, { rev: 2, status: "completed", outcome: { kind: "completed", result } }));
    expect(JSON.parse((await watcher.next()).data)).toMatchObject({ id, rev: 2 });
    await expect.poll(() => papers.streams.count).toBe(0);
  });
});

test("positions contain no space, and decode to what was encoded", () => {
  const positions = new Map([
    ["papers.0", 12],
    ["press.10", 0],
  ]);
  const word = encodePositions(positions);
  expect(word).toMatch(/^[\w-]+$/);
  expect(decodePositions(word)).toEqual(positions);
});
