import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../browser/until.ts";
import { EdgeLab } from "./edge-lab.ts";
import { HostileServer } from "./hostile-server.ts";

interface Started {
  readonly id: string;
  readonly status: string;
  readonly outcome?: { readonly error?: { readonly message: string } };
}

let broken: HostileServer;
let sound: HostileServer;
let lab: EdgeLab;

beforeAll(async () => {
  broken = await HostileServer.start();
  sound = await HostileServer.start();
  lab = await EdgeLab.start({
    endpoints: { broken: broken.url, sound: sound.url },
    limits: { callsInFlight: 4, callsInFlightPerEndpoint: 2 },
  });
}, 120_000);

afterAll(async () => {
  await lab.close();
  await Promise.all([broken.close(), sound.close()]);
});

test("an endpoint that ends none of its tasks leaves room for others, and its tasks can be deleted", {
  timeout: 120_000,
}, async () => {
  const held = [await lab.call<Started>("broken", "task", {}), await lab.call<Started>("broken", "task", {})];
  // From here on it answers nothing but that it has no time, for a year.
  broken.answer = () => ({ status: 503, headers: { "retry-after": "31536000" } });
  for (const { id } of held) await lab.ask("POST", `/v1/tasks/${id}/cancel`);
  const refused = await lab.fetch("POST", "/v1/endpoints/broken/calls", { tool: "task", arguments: {} });
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: "endpoint-calls-in-flight" }]);
  expect(await lab.call<Started>("sound", "plain", {})).toMatchObject({ status: "completed" });

  for (const { id } of held) {
    expect((await lab.fetch("DELETE", `/v1/tasks/${id}?force=true`)).status).toBe(204);
    expect((await lab.fetch("GET", `/v1/tasks/${id}`)).status).toBe(404);
  }
  broken.answer = () => undefined;
  expect((await lab.call<Started>("broken", "task", {})).id).toContain("broken.");
});

test("a failure of 3 MB stays a failure, in a list and after the worker was killed", {
  timeout: 120_000,
}, async () => {
  const huge = "x".repeat(3_000_000);
  sound.answer = ({ method }) =>
    method === "tools/call" ? { error: { code: -32603, message: huge, data: { huge } } } : undefined;
  const { id } = await lab.call<Started>("sound", "plain", {});
  const task = await until("the outcome", async () => {
    const found = await lab.ask<Started>("GET", `/v1/tasks/${id}`);
    return found.outcome && found;
  });
  expect(task.status).toBe("failed");
  expect(task.outcome?.error?.message.length).toBeLessThan(5_000);
  await lab.restart();
  expect(await lab.ask<Started>("GET", `/v1/tasks/${id}`)).toMatchObject({ status: "failed" });
  const { tasks } = await lab.ask<{ tasks: Started[] }>("GET", "/v1/tasks?limit=100");
  expect(tasks.find((listed) => listed.id === id)).toMatchObject({ status: "failed" });
});
