import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { base64url, fromBase64url } from "../../../worker/http/base64.ts";
import { OutboundRefusedError } from "../../../worker/outbound/guarded-fetch.ts";
import { PushOutbox } from "../../../worker/push/push-outbox.ts";
import { PushSubscriptions } from "../../../worker/push/push-subscriptions.ts";
import type { TaskNotice } from "../../../worker/push/task-notice.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const KEYS = {
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
};
const DONE: TaskNotice = {
  ...{ task: "papers.0.1", endpoint: "papers", tool: "acquire_paper", kind: "completed" },
  addressees: [],
};

interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly redirect: string | undefined;
}

/** A principal's outbox in the storage of an object of its own, and a push service that the test answers for. */
class Lab {
  readonly sent: Sent[] = [];
  readonly results: string[] = [];
  reply: (url: string) => Response = () => new Response(null, { status: 201 });
  readonly subscriptions: PushSubscriptions;
  readonly storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
    this.subscriptions = new PushSubscriptions(storage.kv);
  }

  /** Loaded anew: it has what is stored. */
  outbox(): PushOutbox {
    return new PushOutbox(this.storage, {
      subscriptions: this.subscriptions,
      fetch: async (url, init) => {
        this.sent.push({ url: String(url), headers: new Headers(init?.headers), redirect: init?.redirect });
        return this.reply(String(url));
      },
      labelOf: () => "The Kelp Library",
      counted: (result) => this.results.push(result),
    });
  }

  subscribe(browser: string, more: object = {}) {
    return this.subscriptions.put(
      {
        endpoint: `https://push.example/${browser}`,
        keys: KEYS,
        open: "https://app.example/#/tasks/{task}",
        details: false,
        ...more,
      },
      Date.now(),
    );
  }
}

function inLab(work: (lab: Lab) => Promise<void>): Promise<void> {
  const object = env.TASK_GROUP.getByName(crypto.randomUUID());
  return runInDurableObject(object, (_, { storage }) => work(new Lab(storage)));
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("PushOutbox.deliver()", () => {
  it("sends a message with its coding, its lifetime, its urgency and one topic for a task", () =>
    inLab(async (lab) => {
      await lab.subscribe("a");
      const outbox = lab.outbox();
      outbox.add([{ ...DONE, kind: "input_required" }], NOW);
      await outbox.deliver(NOW);
      outbox.add([DONE], NOW);
      await outbox.deliver(NOW);
      const [asked, done] = lab.sent;
      expect(Object.fromEntries(asked?.headers ?? [])).toMatchObject({
        "content-encoding": "aes128gcm",
        "content-type": "application/notification+json",
        ttl: "604800",
        urgency: "high",
        topic: expect.stringMatching(/^[A-Za-z0-9_-]{32}$/),
      });
      expect(done?.headers.get("urgency")).toBe("normal");
      expect(done?.headers.get("topic")).toBe(asked?.headers.get("topic"));
      expect(done?.redirect).toBe("manual");
      expect(outbox.nextDue()).toBe(Number.POSITIVE_INFINITY);
      expect(lab.results).toEqual(["delivered", "delivered"]);
    }));

  it("signs for the push service's origin, with the key that browsers subscribe with, for at most a day (RFC 8292)", () =>
    inLab(async (lab) => {
      await lab.subscribe("a", { contact: "https://holdfast.example" });
      const outbox = lab.outbox();
      const key = await outbox.publicKey();
      outbox.add([DONE], NOW);
      await outbox.deliver(NOW);
      const [, token = "", k] =
        /^vapid t=([^,]+), k=(.+)$/.exec(lab.sent[0]?.headers.get("authorization") ?? "") ?? [];
      expect(k).toBe(key);
      const point = Uint8Array.from(fromBase64url(key), (character) => character.charCodeAt(0));
      expect([point.length, point[0]]).toEqual([65, 4]);
      const jwk = {
        ...{ kty: "EC", crv: "P-256", alg: "ES256" },
        x: base64url(point.slice(1, 33)),
        y: base64url(point.slice(33)),
      };
      const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [jwk] }), {
        audience: "https://push.example",
      });
      expect(payload.sub).toBe("https://holdfast.example");
      expect(payload.exp).toBeGreaterThan(NOW / 1000);
      expect(payload.exp).toBeLessThanOrEqual(NOW / 1000 + 86_400);
      expect(await lab.outbox().publicKey(), "made once").toBe(key);
    }));

  it("has no contact where the worker has no https address", () =>
    inLab(async (lab) => {
      await lab.subscribe("a");
      const outbox = lab.outbox();
      outbox.add([DONE], NOW);
      await outbox.deliver(NOW);
      const [, token = ""] = /t=([^,]+)/.exec(lab.sent[0]?.headers.get("authorization") ?? "") ?? [];
      expect(decodeJwt(token).sub).toBeUndefined();
    }));

  it.each([404, 410])(
    "removes a subscription that its push service has ended (%i), and its messages",
    (status) =>
      inLab(async (lab) => {
        const gone = await lab.subscribe("gone");
        const other = await lab.subscribe("other");
        lab.reply = (url) => new Response(null, { status: url.endsWith("gone") ? status : 201 });
        const outbox = lab.outbox();
        outbox.add([DONE, { ...DONE, task: "papers.0.2" }, { ...DONE, task: "papers.0.3" }], NOW);
        for (let round = 0; outbox.nextDue() <= NOW && round < 10; round++) await outbox.deliver(NOW);
        expect(lab.subscriptions.list().map(({ id }) => id)).toEqual([other.id]);
        expect(lab.sent.filter(({ url }) => url.endsWith("other"))).toHaveLength(3);
        expect(lab.storage.sql.exec("SELECT * FROM push WHERE subscription = ?", gone.id).toArray()).toEqual(
          [],
        );
        expect(lab.results).toContain("gone");
      }),
  );

  it("tries again with backoff after a failure, over restarts, and gives up after eight attempts", () =>
    inLab(async (lab) => {
      await lab.subscribe("a");
      lab.outbox().add([DONE], NOW);
      lab.reply = () => {
        if (lab.sent.length % 2) throw new TypeError("The network is down");
        return new Response(null, { status: 503 });
      };
      const waits: number[] = [];
      for (let due = NOW; due < Number.POSITIVE_INFINITY; due = lab.outbox().nextDue()) {
        waits.push(due - Date.now());
        vi.setSystemTime(due);
        await lab.outbox().deliver(due);
      }
      expect(waits).toEqual([0, 5_000, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000]);
      expect(lab.results.at(-1)).toBe("given_up");
      expect(lab.subscriptions.list(), "the browser stays subscribed").toHaveLength(1);
    }));

  it.each([
    ["in seconds", "3600", NOW + 3_600_000],
    ["as a date", new Date(NOW + 7_200_000).toUTCString(), NOW + 7_200_000],
    ["too long", "99999999", NOW + 86_400_000],
    ["in words", "soon", NOW + 5_000],
  ])("heeds a Retry-After %s for all messages to the browser", (_name, value, due) =>
    inLab(async (lab) => {
      await lab.subscribe("a");
      lab.reply = () => new Response(null, { status: 429, headers: { "retry-after": value } });
      const outbox = lab.outbox();
      outbox.add([DONE], NOW);
      await outbox.deliver(NOW);
      expect(outbox.nextDue()).toBe(due);
      outbox.add([{ ...DONE, task: "papers.0.2" }], NOW);
      lab.reply = () => new Response(null, { status: 429, headers: { "retry-after": value } });
      await outbox.deliver(NOW);
      expect(outbox.nextDue()).toBe(due);
    }),
  );

  it.each([400, 401, 403, 413, 302, 307])("gives up a message that is refused with %i, at once", (status) =>
    inLab(async (lab) => {
      await lab.subscribe("a");
      lab.reply = () => new Response(null, { status, headers: { location: "https://elsewhere.example" } });
      const outbox = lab.outbox();
      outbox.add([DONE], NOW);
      await outbox.deliver(NOW);
      expect([outbox.nextDue(), lab.sent.length]).toEqual([Number.POSITIVE_INFINITY, 1]);
      expect(lab.results).toEqual(["given_up"]);
    }),
  );

  it("gives up what the outbound guard refuses", () =>
    inLab(async (lab) => {
      await lab.subscribe("a");
      lab.reply = () => {
        throw new OutboundRefusedError("push.example", "its address is on a private network");
      };
      const outbox = lab.outbox();
      outbox.add([DONE], NOW);
      await outbox.deliver(NOW);
      expect(lab.results).toEqual(["given_up"]);
    }));

  it("sends nothing to a subscription that has expired", () =>
    inLab(async (lab) => {
      await lab.subscribe("a", { expirationTime: NOW + 1_000 });
      lab.outbox().add([DONE], NOW);
      vi.setSystemTime(NOW + 1_000);
      await lab.outbox().deliver(NOW + 1_000);
      expect([lab.sent, lab.subscriptions.list()]).toEqual([[], []]);
      expect(lab.outbox().nextDue()).toBe(Number.POSITIVE_INFINITY);
    }));
});

describe("PushOutbox.add()", () => {
  const waiting = (lab: Lab) =>
    lab.storage.sql
      .exec<{ task: string; notice: string }>("SELECT task, notice FROM push ORDER BY task")
      .toArray();

  it("keeps the latest message of a task, also when an earlier one is being sent", () =>
    inLab(async (lab) => {
      await lab.subscribe("a");
      const outbox = lab.outbox();
      outbox.add([{ ...DONE, kind: "input_required" }], NOW);
      lab.reply = () => {
        if (lab.sent.length === 1) outbox.add([DONE], NOW);
        return new Response(null, { status: 201 });
      };
      await outbox.deliver(NOW);
      expect(waiting(lab).map(({ notice }) => JSON.parse(notice).kind)).toEqual(["completed"]);
      await outbox.deliver(NOW);
      expect([lab.sent.length, outbox.nextDue()]).toEqual([2, Number.POSITIVE_INFINITY]);
    }));

  it("is for the browsers that asked for the addressee, and for those that asked for all", () =>
    inLab(async (lab) => {
      await lab.subscribe("all");
      await lab.subscribe("phone", { addressee: "phone" });
      const outbox = lab.outbox();
      outbox.add([{ ...DONE, addressees: ["desk"] }], NOW);
      await outbox.deliver(NOW);
      expect(lab.sent.map(({ url }) => url)).toEqual(["https://push.example/all"]);
      outbox.add([{ ...DONE, task: "papers.0.2", addressees: ["desk", "phone"] }], NOW);
      await outbox.deliver(NOW);
      expect(lab.sent).toHaveLength(3);
    }));

  it("stores a detail for those alone that allow it", () =>
    inLab(async (lab) => {
      await lab.subscribe("plain");
      const open = await lab.subscribe("open", { details: true });
      lab.outbox().add([{ ...DONE, detail: "The heart of the paper" }], NOW);
      const rows = lab.storage.sql.exec("SELECT subscription, notice FROM push").toArray();
      const holders = rows.filter(({ notice }) => String(notice).includes("The heart"));
      expect(holders.map(({ subscription }) => subscription)).toEqual([open.id]);
    }));

  it("drops the oldest messages beyond a thousand", () =>
    inLab(async (lab) => {
      await lab.subscribe("a");
      const outbox = lab.outbox();
      for (let batch = 0; batch < 11; batch++)
        outbox.add(
          Array.from({ length: 100 }, (_, index) => ({
            ...DONE,
            task: `papers.0.${1_000 + batch * 100 + index}`,
          })),
          NOW + batch,
        );
      const tasks = waiting(lab).map(({ task }) => task);
      expect([tasks.length, tasks[0], tasks.at(-1)]).toEqual([1_000, "papers.0.1100", "papers.0.2099"]);
    }));
});

describe("PushSubscriptions.put()", () => {
  it("replaces the subscription that was confirmed longest ago once there are 20", () =>
    inLab(async (lab) => {
      for (let browser = 0; browser < 20; browser++) {
        vi.setSystemTime(NOW + browser);
        await lab.subscribe(`${browser}`);
      }
      vi.setSystemTime(NOW + 100);
      const again = await lab.subscribe("0");
      expect(again.createdAt, "the same one").toBe(NOW);
      vi.setSystemTime(NOW + 101);
      await lab.subscribe("one more");
      const endpoints = lab.subscriptions.all().map(({ endpoint }) => endpoint.split("/").at(-1));
      expect(endpoints).toHaveLength(20);
      expect(endpoints).toContain("0");
      expect(endpoints).not.toContain("1");
    }));

  it("lists no address and no key", () =>
    inLab(async (lab) => {
      const { id } = await lab.subscribe("secret");
      expect(lab.subscriptions.list()).toEqual([
        { id, service: "push.example", createdAt: NOW, details: false },
      ]);
    }));
});
