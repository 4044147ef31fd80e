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
