import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../browser/until.ts";
import { freePort, type ServerProcess, startWorker } from "../servers/processes.ts";
import { PushService, type ReceivedPush } from "../servers/push-service.ts";

const HEADERS = { authorization: "Bearer demo", "content-type": "application/json" };

let service: PushService;
let state: string;
let port: number;
let worker: ServerProcess;

const start = (): Promise<ServerProcess> =>
  startWorker({ port, persistTo: state, vars: { DEMO: "true", WEBHOOK_PRIVATE: "true" } });

beforeAll(async () => {
  service = await PushService.start();
  state = await mkdtemp(join(tmpdir(), "holdfast-push-"));
  port = await freePort();
  worker = await start();
});

afterAll(async () => {
  await worker.kill();
  service.close();
  await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

async function api<T>(path: string, body?: object): Promise<T> {
  const init = body ? { method: "POST", body: JSON.stringify(body) } : {};
  const reply = await fetch(`${worker.url}/v1/${path}`, { ...init, headers: HEADERS });
  expect(reply.ok, await reply.clone().text()).toBe(true);
  return (await reply.json()) as T;
}

const subscribe = (browser: string, more: object = {}) =>
  api<{ id: string }>("push-subscriptions", {
    ...{ endpoint: `${service.origin}/${browser}`, keys: service.keys },
    open: "https://app.example/#/tasks/{task}",
    ...more,
  });

const startTask = (args: object) =>
  api<{ id: string }>("endpoints/sample-2026/calls", { tool: "acquire_paper", arguments: args });

const pushesOf = (task: string, browser?: string): readonly ReceivedPush[] =>
  service.received.filter(
    (push) => push.text.includes(task) && (browser === undefined || push.browser === browser),
  );

test("a message that the worker encrypts is decrypted by http_ece, and a push service that failed has it once more after a kill", async () => {
  const { key } = await api<{ key: string }>("push-key");
  await subscribe("phone");
  service.answer = () => [503];
  const { id } = await startTask({ doi: "10.1/a-secret-argument", stage_ms: 100 });
  await until("the push service is asked", async () => pushesOf(id)[0], 30_000);
  await worker.kill();
  service.answer = () => [201];
  worker = await start();
  const sent = await until(
    "the push service has it",
    async () => pushesOf(id).find(({ status }) => status === 201),
    30_000,
  );
  expect(pushesOf(id).length).toBeGreaterThan(1);
  for (const push of pushesOf(id)) {
    expect(JSON.parse(push.text)).toEqual({
      web_push: 8030,
      notification: {
        ...{ title: "acquire_paper has completed", lang: "en", dir: "auto", tag: id },
        body: expect.any(String),
        navigate: `https://app.example/#/tasks/${id}`,
        data: { task: id, endpoint: "sample-2026", kind: "completed" },
      },
    });
    expect(push.text).not.toMatch(/secret-argument|Acquired/);
    expect(push.key).toBe(key);
    expect(push.claims.aud).toBe(service.origin);
  }
  expect(sent.headers).toMatchObject({ "content-encoding": "aes128gcm", ttl: "604800", urgency: "normal" });
});

test("a person who allows it sees the beginning of the result and of the question; 410 removes a browser", async () => {
  service.answer = (browser) => [browser === "gone" ? 410 : 201];
  const gone = await subscribe("gone");
  const desk = await subscribe("desk", { details: true });
  const { id } = await startTask({ doi: "10.1/kelp", stage_ms: 50, mode: "ask" });
  const asked = await until("the question is pushed", async () => pushesOf(id, "desk")[0], 30_000);
  expect(asked.headers.urgency).toBe("high");
  expect(JSON.parse(asked.text).notification.title).toBe("acquire_paper asks a question");
  expect(JSON.parse(asked.text).notification.body).toMatch(/: .*edition/i);
  await until("the other browser is asked", async () => pushesOf(id, "gone")[0], 30_000);
  await expect
    .poll(async () => {
      const { subscriptions } = await api<{ subscriptions: { id: string }[] }>("push-subscriptions");
      return subscriptions.map((listed) => listed.id);
    })
    .not.toContain(gone.id);
  const { inputRequests } = await api<{ inputRequests: { key: string }[] }>(`tasks/${id}`);
  await api(`tasks/${id}/inputs/${encodeURIComponent(inputRequests[0]?.key ?? "")}`, {
    action: "accept",
    content: { edition: "preprint" },
  });
  const done = await until(
    "the end is pushed",
    async () => pushesOf(id, "desk").find(({ text }) => text.includes('"completed"')),
    30_000,
  );
  expect(JSON.parse(done.text).notification.body).toMatch(/: Acquired/);
  expect(done.headers.topic).toBe(asked.headers.topic);
  expect(pushesOf(id, "gone")).toHaveLength(1);
  await fetch(`${worker.url}/v1/push-subscriptions/${desk.id}`, { method: "DELETE", headers: HEADERS });
});
