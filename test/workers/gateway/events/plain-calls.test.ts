import { expect, test, vi } from "vitest";
import { LegacyClient, taskOf } from "../legacy-client.ts";
import { Callback } from "./callback.ts";
import { EventClient } from "./event-client.ts";

const SLOW = { text: "kelp", ms: 2_000 };

function toolsOf(callback: Callback): unknown[] {
  return callback.events().map(({ body }) => body.data?.tool);
}

test("a plain call is an event for a client that has no result of it, and for no other", async () => {
  const subscriber = new EventClient();
  const callback = new Callback();
  await subscriber.subscribed(callback);
  const { principal } = subscriber;
  const agent = (gateway: object = {}): LegacyClient =>
    new LegacyClient({ principal, endpoint: "sample-2026", vars: { GATEWAY: gateway } });
  // Both are answered with their results, at once and after a wait.
  expect(await agent().call("lookup_doi", { doi: "10.1/kelp" })).toMatchObject({ content: [{}] });
  expect(await agent().call("slow_echo", { ...SLOW, text: "waited for" })).toMatchObject({
    content: [{ text: "waited for" }],
  });
  // This one is answered before it has one.
  const taskId = taskOf(await agent({ budgetMs: 600 }).call("slow_echo", SLOW));
  await vi.waitFor(() => expect(callback.events()).not.toEqual([]), 30_000);
  expect(callback.events().map(({ body }) => body.data?.taskId)).toEqual([taskId]);
});

test("a plain call whose client hung up is an event", async () => {
  const subscriber = new EventClient();
  const callback = new Callback();
  await subscriber.subscribed(callback);
  const agent = new LegacyClient({ principal: subscriber.principal, endpoint: "sample-2026" });
  expect(await agent.call("slow_echo", SLOW, { patienceMs: 900 })).toBeUndefined();
  await vi.waitFor(() => expect(toolsOf(callback)).toEqual(["slow_echo"]), 30_000);
});
