import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { until } from "../browser/until.ts";
import { listen } from "../edge/gateway/node-http.ts";
import { JobHost } from "../fixtures/job-host.ts";
import { EXPORT } from "../fixtures/job-servers.ts";
import { connected, DataFolder, holdfast } from "./proxied-client.ts";

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const work of clean.splice(0).reverse()) await work();
});

interface Tasks {
  readonly structuredContent?: { readonly tasks?: readonly { readonly status: string }[] };
}

test("a proxy killed before the replies came makes both calls again under their keys: one job, one count", {
  timeout: 120_000,
}, async () => {
  const folder = new DataFolder();
  clean.push(() => folder.remove());
  const host = new JobHost("2025-11-25", EXPORT);
  host.keepsKeys = true;
  host.withholdsReplies = 2;
  const { url, close } = await listen(host.fetch);
  clean.push(close);
  const file = join(folder.path, "mcp.json");
  const jobs = { url, idempotencyKey: true, pairs: { export: EXPORT.pair } };
  writeFileSync(file, JSON.stringify({ mcpServers: { jobs } }));
  const command = holdfast("--budget", "0.5", "--config", file);

  const first = await connected(command, folder);
  const calls = [
    first.client.callTool({ name: "export", arguments: { ...EXPORT.args } }),
    first.client.callTool({ name: "count_rows", arguments: { table: "papers" } }),
  ];
  for (const call of calls) call.catch(() => undefined);
  await until("both calls at the server", async () => (host.calls.length === 2 ? true : undefined));
  process.kill(Number(first.transport.pid), "SIGKILL");
  await first.client.close();

  const second = await connected(command, folder);
  clean.push(() => second.client.close());
  await until("the ends of both tasks", async () => {
    const { structuredContent } = (await second.client.callTool({ name: "list_tasks" })) as Tasks;
    const { tasks = [] } = structuredContent ?? {};
    return tasks.length === 2 && tasks.every(({ status }) => status === "completed") ? true : undefined;
  });
  expect(host.calls.filter((name) => name === "start_export")).toHaveLength(2);
  expect(host.calls.filter((name) => name === "count_rows")).toHaveLength(2);
  expect(host.done.filter((name) => name === "start_export" || name === "count_rows").sort()).toEqual([
    "count_rows",
    "start_export",
  ]);
});
