import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TaskView } from "holdfast";
import { expect, it, vi } from "vitest";
import { WebhookOutbox } from "../../../worker/group/webhook-outbox.ts";

const DONE: TaskView = {
  id: "a",
  endpoint: "lab",
  generation: "2026-07-28",
  tool: "acquire_paper",
  arguments: {},
  status: "completed",
  rev: 2,
  createdAt: 1_000,
  inputRequests: [],
  cancelling: false,
  outcome: { kind: "completed", result: { content: [] } },
};

it("receivers that do not answer hold up neither each other nor, being many, the alarm", () =>
  runInDurableObject(env.TASK_GROUP.getByName(crypto.randomUUID()), async (_group, { storage }) => {
    const answers = new Map<string, (reply: Response) => void>();
    const outbox = new WebhookOutbox(storage.sql, {
      secret: "secret",
      principal: () => "alice",
      fetch: (url) => new Promise((resolve) => answers.set(url, resolve)),
      task: async (id) => ({ ...DONE, id }),
      delivered: () => undefined,
    });
    const urls = Array.from({ length: 10 }, (_, index) => `https://hooks.example/${index}`);
    for (const url of urls) {
      outbox.order(url, url);
      outbox.settled(url, 1_000);
    }
    const asked: string[] = [];
    let rounds = 0;
    for (; outbox.nextDue() === 1_000; rounds++) {
      const delivering = outbox.deliver(1_000);
      const several = Math.min(2, urls.length - asked.length);
      await vi.waitFor(() => expect(answers.size).toBeGreaterThanOrEqual(several));
      asked.push(...answers.keys());
      for (const answer of answers.values()) answer(new Response(null, { status: 204 }));
      answers.clear();
      await delivering;
    }
    expect(rounds).toBeGreaterThan(1);
    expect(asked.sort()).toEqual(urls);
    expect(outbox.nextDue()).toBe(Number.POSITIVE_INFINITY);
  }));

it("the outbox derives the principal's key once, whatever the number of deliveries", () =>
  runInDurableObject(env.TASK_GROUP.getByName(crypto.randomUUID()), async (_group, { storage }) => {
    const outbox = new WebhookOutbox(storage.sql, {
      secret: "secret",
      principal: () => "alice",
      fetch: async () => new Response(null, { status: 204 }),
      task: async (id) => ({ ...DONE, id }),
      delivered: () => undefined,
    });
    const imported = vi.spyOn(crypto.subtle, "importKey");
    try {
      for (const id of ["a", "b", "c"]) {
        outbox.order(id, "https://hooks.example/");
        outbox.settled(id, 1_000);
      }
      await outbox.deliver(1_000);
      // One to derive the key, and one for each signature.
      expect(imported).toHaveBeenCalledTimes(4);
    } finally {
      imported.mockRestore();
    }
  }));

it("the outbox remembers its last attempts, sends a message again, and forgets it with its task", () =>
  runInDurableObject(env.TASK_GROUP.getByName(crypto.randomUUID()), async (_group, { storage }) => {
    const statuses = [503, 204, 204];
    const posted: (string | null)[] = [];
    const make = (): WebhookOutbox =>
      new WebhookOutbox(storage.sql, {
        secret: "secret",
        principal: () => "alice",
        fetch: async (_url, init) => {
          posted.push(new Headers(init?.headers).get("webhook-id"));
          return new Response(null, { status: statuses.shift() ?? 500 });
        },
        task: async (id) => ({ ...DONE, id }),
        delivered: () => undefined,
      });
    const outbox = make();
    expect(outbox.deliveries()).toEqual([]);
    outbox.order("a", "https://hooks.example/");
    expect(outbox.deliveries(), "its task runs").toEqual([]);
    outbox.settled("a", 1_000);
    expect(outbox.deliveries()).toMatchObject([{ row: "a", attempts: 0, dueAt: 1_000 }]);
    await outbox.deliver(1_000);
    const [failed] = outbox.deliveries();
    expect(failed).toMatchObject({ kind: "task", attempts: 1, result: "failed", status: 503 });
    expect(failed?.dueAt).toBeGreaterThan(Date.now());

    // It is not waited for, and another life of the object knows it.
    const later = make();
    expect(later.again("a", 2_000)).toBe(true);
    await later.deliver(2_000);
    const [sent] = later.deliveries();
    expect(sent).toMatchObject({ attempts: 2, result: "delivered", status: 204 });
    expect(sent).not.toHaveProperty("dueAt");
    expect(later.again("a", 3_000)).toBe(true);
    await later.deliver(3_000);
    expect(posted, "the same id each time: a receiver counts it once").toEqual(["a", "a", "a"]);
    expect(later.nextDue()).toBe(Number.POSITIVE_INFINITY);

    later.withdraw("a");
    expect(later.deliveries()).toEqual([]);
    expect(later.again("a", 4_000)).toBe(false);
    expect(later.again("b", 4_000)).toBe(false);
  }));

it("the outbox remembers a hundred messages, and deletes older ones", () =>
  runInDurableObject(env.TASK_GROUP.getByName(crypto.randomUUID()), async (_group, { storage }) => {
    const outbox = new WebhookOutbox(storage.sql, {
      secret: "secret",
      principal: () => "alice",
      fetch: async () => new Response(null, { status: 204 }),
      task: async (id) => ({ ...DONE, id }),
      delivered: () => undefined,
    });
    for (let index = 0; index < 160; index++) {
      outbox.order(`task-${index}`, "https://hooks.example/");
      outbox.settled(`task-${index}`, 1_000);
    }
    while (outbox.nextDue() === 1_000) await outbox.deliver(1_000);
    expect(outbox.deliveries()).toHaveLength(100);
    const stored = storage.sql.exec<{ count: number }>("SELECT count(*) AS count FROM webhook_log").one();
    expect(stored.count).toBeLessThanOrEqual(150);
  }));
