import { expect, it } from "vitest";
import { ask, json, post } from "./whole-worker.ts";

interface Listing {
  readonly id: string;
  readonly service: string;
}

const SUBSCRIPTION = {
  endpoint: "https://push.example/send/abc",
  expirationTime: null,
  keys: {
    p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth: "BTBZMqHH6r4Tts7J_aSIgg",
  },
  open: "https://app.example/tasks/{task}",
};

const subscribe = (more: object = {}) => post("/v1/push-subscriptions", { ...SUBSCRIPTION, ...more });
const listed = async (token = "demo") =>
  (await json<{ subscriptions: readonly Listing[] }>(ask("/v1/push-subscriptions", {}, token))).subscriptions;

it("a principal subscribes a browser, sees it without its address and keys, and removes it", async () => {
  const { key } = await json<{ key: string }>(ask("/v1/push-key"));
  expect(key).toMatch(/^[A-Za-z0-9_-]{87}$/);
  const made = await subscribe();
  expect(made.status).toBe(201);
  const { id } = await json<Listing>(made);
  expect(await json<Listing>(subscribe({ details: true }))).toMatchObject({ id, details: true });
  expect(await listed()).toMatchObject([{ id, service: "push.example", details: true }]);
  expect(JSON.stringify(await listed())).not.toMatch(/abc|BTBZMqHH6r4/);
  expect(await listed("alice-token"), "somebody else's").toEqual([]);
  const remove = () => ask(`/v1/push-subscriptions/${id}`, { method: "DELETE" });
  expect([(await remove()).status, (await remove()).status]).toEqual([204, 204]);
  expect(await listed()).toEqual([]);
});

it.each([
  ["a private address", { endpoint: "https://10.0.0.1/send" }, "push-refused"],
  ["an address without TLS", { endpoint: "http://push.example/send" }, "push-refused"],
  ["a cloud's metadata", { endpoint: "https://169.254.169.254/" }, "push-refused"],
  ["keys of another length", { keys: { ...SUBSCRIPTION.keys, auth: "AAAA" } }, "push-refused"],
  ["a page that is a script", { open: "javascript:alert(1)" }, "malformed"],
  ["a page that is no address", { open: "/tasks/{task}" }, "malformed"],
  ["an addressee that is too long", { addressee: "x".repeat(257) }, "malformed"],
  ["an address that is too long", { endpoint: `https://push.example/${"x".repeat(2_048)}` }, "malformed"],
])("%s is refused", async (_name, more, code) => {
  const refused = await subscribe(more);
  expect(refused.status).toBe(422);
  expect(await json(refused)).toMatchObject({ code });
});
