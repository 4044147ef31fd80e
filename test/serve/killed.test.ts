import { afterEach, expect, test } from "vitest";
import { until } from "../browser/until.ts";
import { EffectServer } from "../proxy/effect-server.ts";
import { Folder, type GatewayTask, ServedGateway } from "./served-gateway.ts";

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of clean.splice(0).reverse()) await one();
});

test("holdfast serve killed with 50 tasks and started again has 50 results, each of one call", {
  timeout: 180_000,
}, async () => {
  const folder = new Folder();
  clean.push(() => folder.remove());
  const servers: EffectServer[] = [];
  for (const generation of ["2025-11-25", "2026-07-28"] as const) {
    const server = await EffectServer.start({ generation, workMs: 15_000 });
    clean.push(() => server.close());
    servers.push(server);
  }
  const args = servers.flatMap(({ url }, index) => ["--endpoint", `effects-${index}=${url}`]);
  const first = await ServedGateway.start(folder.path, { args });
  const started = await Promise.all(
    Array.from({ length: 50 }, async (_, key) => ({
      key,
      id: (await first.call(`effects-${key % 2}`, "work", { key: `${key}` })).id,
    })),
  );
  // A call whose reply is under way when its process dies is lost: 2026-07-28 has no way to find it.
  await until("every call has its task", async () => {
    const tasks = await Promise.all(
      started.map(({ id }) => first.ask<GatewayTask>("GET", `/v1/tasks/${id}`)),
    );
    return tasks.every(({ status }) => status !== "queued" && status !== "calling") || undefined;
  });
  const statuses = await Promise.all(
    started.map(async ({ id }) => (await first.ask<GatewayTask>("GET", `/v1/tasks/${id}`)).status),
  );
  expect(statuses.filter((status) => status === "working").length).toBeGreaterThan(25);
  await first.end("SIGKILL");

  const second = await ServedGateway.start(folder.path, { args }, first.token);
  clean.push(() => second.end("SIGKILL"));
  for (const { key, id } of started) {
    const { outcome } = await second.come(id);
    expect(outcome?.result?.content, id).toEqual([{ type: "text", text: `done ${key}` }]);
    expect(servers[key % 2]?.effects.get(`${key}`), `calls of ${key}`).toBe(1);
  }
});
