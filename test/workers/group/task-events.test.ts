import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TaskView } from "holdfast";
import { expect, test } from "vitest";
import type { EventSubscription } from "../../../worker/directory/event-subscriptions.ts";
import { TaskEvents } from "../../../worker/group/task-events.ts";

const SUBSCRIPTION: EventSubscription = {
  id: "sub_1",
  name: "task.completed",
  filter: {},
  url: "https://hooks.example/1",
  secrets: [`whsec_${btoa("k".repeat(32))}`],
  rotatedUntil: 0,
  cursor: 1_000,
  until: Number.POSITIVE_INFINITY,
};

function task(id: string, but: Partial<TaskView> = {}): TaskView {
  return {
    ...{ id, endpoint: "lab", generation: "2026-07-28", tool: "acquire_paper", arguments: {}, rev: 1 },
    ...{ status: "working", createdAt: 1_000, inputRequests: [], cancelling: false, taskId: id },
    ...but,
  };
}

function ended(id: string): TaskView {
  return task(id, {
    status: "completed",
    settledAt: 2_000,
    outcome: { kind: "completed", result: { content: [] } },
  });
}

function asks(id: string, ...keys: string[]): TaskView {
  const inputRequests = keys.map((key) => ({ key, method: "elicitation/create", params: {} }) as const);
  return task(id, { status: "input_required", inputRequests });
}

/** The events of a group, and the messages that were posted. */
interface Lab {
  readonly events: TaskEvents;
  readonly waiting: (prefix: string) => readonly unknown[];
  readonly tasks: Map<string, TaskView>;
  readonly posted: { readonly headers: Headers; readonly body: Record<string, unknown> }[];
  readonly asked: { times: number };
  readonly storage: DurableObjectStorage;
  /** The same object after an eviction. */
  reborn(): Lab;
  /** Delivers until nothing is due. */
  deliver(): Promise<void>;
}

function inGroup(
  subscriptions: () => Promise<readonly EventSubscription[]>,
  use: (lab: Lab) => Promise<void>,
  answer: () => Response = () => new Response(null, { status: 204 }),
): Promise<void> {
  return runInDurableObject(env.TASK_GROUP.getByName(crypto.randomUUID()), async (_group, { storage }) => {
    const tasks = new Map<string, TaskView>();
    const posted: Lab["posted"] = [];
    const asked = { times: 0 };
    const born = (): Lab => {
      const events = new TaskEvents(storage, {
        fetch: async (_url, init) => {
          posted.push({ headers: new Headers(init?.headers), body: JSON.parse(String(init?.body)) });
          return answer();
        },
        delivered: () => undefined,
        subscriptions: () => {
          asked.times += 1;
          return subscriptions();
        },
        task: (id) => tasks.get(id),
      });
      const deliver = async (): Promise<void> => {
        while (events.nextDue() <= Date.now()) await events.deliver(Date.now());
      };
      const waiting = (prefix: string): readonly unknown[] =>
        storage.sql
          .exec("SELECT id FROM event_delivery WHERE substr(id, 1, length(?1)) = ?1", prefix)
          .toArray();
      return { events, waiting, tasks, posted, asked, storage, reborn: born, deliver };
    };
    await use(born());
  });
}

function note({ events, tasks }: Lab, view: TaskView): boolean {
  tasks.set(view.id, view);
  return events.note(view, Date.now());
}

test("a group of a principal without subscriptions asks the directory once in its life, and stores nothing more", () =>
  inGroup(
    async () => [],
    async (lab) => {
      expect(note(lab, ended("a"))).toBe(true);
      await lab.deliver();
      expect(note(lab, ended("b"))).toBe(false);
      const reborn = lab.reborn();
      expect(note(reborn, ended("c"))).toBe(false);
      expect(lab.asked.times).toBe(1);
      expect(lab.waiting("")).toEqual([]);
      lab.events.changed("sub_1");
      expect(note(lab, ended("d"))).toBe(true);
    },
  ));

test("a subscription that comes while the directory is asked is not forgotten", () => {
  let subscribe: (() => void) | undefined;
  let subscriptions: readonly EventSubscription[] = [];
  return inGroup(
    async () => {
      const answer = subscriptions;
      subscribe?.();
      subscribe = undefined;
      return answer;
    },
    async (lab) => {
      subscribe = () => {
        subscriptions = [SUBSCRIPTION];
        lab.events.changed("sub_1");
      };
      note(lab, ended("a"));
      await lab.deliver();
      expect(lab.posted.map(({ body }) => body.eventId)).toEqual(["a.completed"]);
      expect(note(lab, ended("b"))).toBe(true);
    },
  );
});

test("many events at once ask the directory once, and are given to their subscriptions by one alarm", () =>
  inGroup(
    async () => [SUBSCRIPTION],
    async (lab) => {
      for (let n = 0; n < 200; n++) note(lab, ended(`t${n}`));
      await lab.events.deliver(Date.now());
      expect(lab.asked.times).toBeLessThanOrEqual(3);
      expect(lab.waiting("* ")).toEqual([]);
      expect(lab.waiting("sub_1 ")).toHaveLength(200);
      await lab.deliver();
      expect(new Set(lab.posted.map(({ body }) => body.eventId)).size).toBe(200);
    },
  ));

test("many events at once of a principal without subscriptions are gone by one alarm", () =>
  inGroup(
    async () => [],
    async (lab) => {
      for (let n = 0; n < 200; n++) note(lab, ended(`t${n}`));
      await lab.events.deliver(Date.now());
      expect(lab.events.nextDue()).toBe(Number.POSITIVE_INFINITY);
    },
  ));

test("a directory that cannot be asked costs no event", () => {
  let isDown = true;
  return inGroup(
    async () => {
      if (isDown) throw new Error("The object is overloaded");
      return [SUBSCRIPTION];
    },
    async (lab) => {
      note(lab, ended("a"));
      await lab.deliver();
      expect(lab.posted).toEqual([]);
      isDown = false;
      await lab.events.deliver(Date.now() + 60_000);
      await lab.deliver();
      expect(lab.posted.map(({ body }) => body.eventId)).toEqual(["a.completed"]);
    },
  );
});

test("a question is one event, whatever else changes, and across an eviction; another question is another event", () =>
  inGroup(
    async () => [{ ...SUBSCRIPTION, name: "task.input_required" }],
    async (lab) => {
      expect(note(lab, task("a"))).toBe(false);
      expect(note(lab, asks("a", "one"))).toBe(true);
      expect(note(lab, asks("a", "one"))).toBe(false);
      const later = lab.reborn();
      expect(note(later, asks("a", "one"))).toBe(false);
      await later.deliver();
      expect(note(later, asks("a", "one", "two"))).toBe(true);
      await later.deliver();
      // The same key again, after it was answered.
      expect(note(later, task("a"))).toBe(false);
      expect(note(later, asks("a", "one"))).toBe(true);
      await later.deliver();
      expect(lab.posted.map(({ body }) => body.eventId)).toEqual(
        [1, 2, 3].map((n) => `a.input_required.${n}`),
      );
      note(later, ended("a"));
      expect([...lab.storage.kv.list({ prefix: "asked:" })]).toEqual([]);
    },
  ));

test("a question that was answered before it was delivered is not delivered", () =>
  inGroup(
    async () => [{ ...SUBSCRIPTION, name: "task.input_required" }],
    async (lab) => {
      note(lab, asks("a", "one"));
      note(lab, task("a"));
      await lab.deliver();
      expect(lab.posted).toEqual([]);
    },
  ));

test("a subscription that has expired receives nothing, though the directory was not asked again", () => {
  const until = Date.now() + 600;
  return inGroup(
    async () => [{ ...SUBSCRIPTION, until }],
    async (lab) => {
      note(lab, ended("a"));
      await lab.deliver();
      expect(lab.posted).toHaveLength(1);
      await expect.poll(() => Date.now()).toBeGreaterThan(until);
      note(lab, ended("b"));
      await lab.deliver();
      expect(lab.posted).toHaveLength(1);
      expect(lab.asked.times).toBe(1);
      expect(lab.waiting("")).toEqual([]);
    },
  );
});

test("more than a thousand events that wait for one subscription are skipped, and one gap says so", () =>
  inGroup(
    async () => [SUBSCRIPTION],
    async (lab) => {
      lab.events.changed(SUBSCRIPTION.id);
      for (const id of ["x", "y"]) note(lab, ended(id));
      for (let n = 0; n < 1_000; n++)
        lab.storage.sql.exec(
          "INSERT INTO event_delivery (id, url, attempts, due) VALUES (?, ?, 0, ?)",
          ...[`sub_1 t${n}.completed 2000`, SUBSCRIPTION.url, Date.now() + 60_000],
        );
      expect(lab.waiting("sub_1 ")).toHaveLength(1_000);
      await lab.deliver();
      // The two events are not among them, and the gap has left.
      expect(lab.waiting("sub_1 ")).toHaveLength(1_000);
      expect(lab.posted.map(({ body }) => body)).toEqual([{ type: "gap", cursor: "2000" }]);
      expect(lab.posted[0]?.headers.get("webhook-id")).toMatch(/^msg_gap\./);
    },
  ));

test("an address that does not answer delays the alarm once, and not for each of its events", () => {
  const tried: string[] = [];
  return inGroup(
    async () => [SUBSCRIPTION],
    async (lab) => {
      for (let n = 0; n < 20; n++) note(lab, ended(`t${n}`));
      await lab.deliver();
      tried.push(...lab.posted.map(({ body }) => String(body.eventId)));
      expect(tried.length).toBeLessThanOrEqual(3);
      expect(lab.waiting("sub_1 ")).toHaveLength(20);
    },
    () => {
      throw new TypeError("Nobody answers");
    },
  );
});

function replayed(lab: Lab, tasks: readonly TaskView[], from: number): boolean {
  for (const known of tasks) lab.tasks.set(known.id, known);
  const page = ({ before, limit }: { readonly before?: string; readonly limit: number }) => {
    const newest = tasks.filter(({ id }) => before === undefined || id < before);
    return { tasks: newest.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit) };
  };
  return lab.events.replay({ subscription: SUBSCRIPTION, from }, page, Date.now());
}

test("a replay has what ended after the cursor, and of plain calls only those that took long", () =>
  inGroup(
    async () => [SUBSCRIPTION],
    async (lab) => {
      const { taskId: _none, ...plain } = ended("plain");
      const tasks = [
        { ...ended("before"), settledAt: 1_500 },
        ended("after"),
        { ...plain, id: "short" },
        { ...plain, id: "long", settledAt: 11_000 },
        task("running"),
      ];
      expect(replayed(lab, tasks, 1_500)).toBe(false);
      await lab.deliver();
      const events = lab.posted.map(({ body }) => body.eventId);
      expect(events.sort()).toEqual(["after.completed", "long.completed"]);
    },
  ));

test("a replay of a group that may have deleted tasks since the cursor is truncated", () =>
  inGroup(
    async () => [SUBSCRIPTION],
    async (lab) => {
      const full = Array.from({ length: 1_000 }, (_, n) => ended(`t${String(n).padStart(4, "0")}`));
      expect(replayed(lab, full, 1_500)).toBe(true);
      expect(replayed(lab, full.slice(1), 1_500)).toBe(false);
      expect(replayed(lab, [{ ...ended("earlier"), settledAt: 1_400 }, ...full], 1_500)).toBe(false);
    },
  ));

test("of a question with a long key, and of many, only so much is stored", () =>
  inGroup(
    async () => [],
    async (lab) => {
      note(lab, asks("a", ...Array.from({ length: 1_000 }, (_, n) => `${n}`.padEnd(100_000, "k"))));
      const [[, stored] = []] = [...lab.storage.kv.list({ prefix: "asked:" })];
      expect(JSON.stringify(stored).length).toBeLessThan(20_000);
    },
  ));
