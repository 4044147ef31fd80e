import { expect, test } from "vitest";
import { callByName } from "../../../src/agent/call-by-name.ts";
import { agentTools } from "../../../src/agent/index.ts";
import { fromUrl } from "../../../src/channel/http.ts";
import { timerHost } from "../../../src/hosts/timer-host.ts";
import { TaskClient } from "../../../src/index.ts";
import { withPairs } from "../../../src/pairs/index.ts";
import { memoryStore } from "../../../src/store/memory.ts";
import { JobHost } from "../../fixtures/job-host.ts";
import { ALL_PAIRS, SHAPES } from "../../fixtures/job-servers.ts";

test("an agent sees one tool for each pair, gets running results, and after a reload the results", async () => {
  const host = new JobHost("2025-11-25", ...SHAPES);
  host.jobs.looks = 1_000_000;
  const store = memoryStore();
  const open = (): TaskClient =>
    new TaskClient({
      store,
      endpoints: { lab: withPairs(fromUrl("https://jobs.test/mcp", { fetch: host.fetch }), ALL_PAIRS) },
      host: timerHost(),
    });
  const before = open();
  const tools = await agentTools(before, { callBudgetMs: 20 });
  const names = tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...SHAPES.map(({ pairName }) => pairName), "check_task"]));
  expect(names.filter((name) => /start|status|check_crawl|get_/.test(name))).toEqual([]);
  const running = [];
  for (const { pairName, args } of SHAPES) running.push(await callByName(tools, pairName, args));
  await before.close();
  for (const job of host.jobs.all) job.looks = 0;

  const after = open();
  await after.resume();
  const later = await agentTools(after, { callBudgetMs: 20_000 });
  for (const [index, { outcome }] of SHAPES.entries()) {
    const { task } = (running[index]?.structuredContent ?? {}) as { task?: string };
    const result = await callByName(later, "check_task", { task });
    expect(JSON.stringify(result)).toContain(outcome);
  }
  expect(host.jobs.all).toHaveLength(5);
  await after.close();
});
