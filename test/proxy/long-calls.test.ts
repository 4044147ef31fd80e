import { afterAll, beforeAll, expect, test } from "vitest";
import { connected, DataFolder, EVERYTHING, holdfast, type ProxiedClient } from "./proxied-client.ts";

const folder = new DataFolder();
let proxied: ProxiedClient;

beforeAll(async () => {
  proxied = await connected(holdfast("--budget", "1.5", "--", ...EVERYTHING), folder);
});

afterAll(async () => {
  await proxied.client.close();
  folder.remove();
});

const call = (name: string, args: Record<string, unknown>) =>
  proxied.client.callTool({ name, arguments: args }) as Promise<{
    content: { type: string; text: string }[];
    structuredContent?: { task: string; status: string; inputRequests?: { key: string }[] };
  }>;

/** Follows a running result to its end, as its text instructs a model. */
async function followed(result: Awaited<ReturnType<typeof call>>): Promise<string> {
  let latest = result;
  for (let checks = 0; latest.structuredContent && checks < 100; checks++) {
    latest = await call("check_task", { task: latest.structuredContent.task });
  }
  return latest.content[0]?.text ?? "";
}

test("a call that takes longer than the budget is answered with a running result and comes to its end", async () => {
  const began = performance.now();
  const running = await call("trigger-long-running-operation", { duration: 5, steps: 5 });
  expect(performance.now() - began).toBeLessThan(4_500);
  expect(running.structuredContent).toMatchObject({ status: "working" });
  expect(running.content[0]?.text).toContain("call check_task with");
  expect(await followed(running)).toContain("Long running operation completed. Duration: 5 seconds");
});

test("a question of a task reaches a model whose agent cannot be asked, and its answer reaches the server", async () => {
  let asking = await call("simulate-research-query", { topic: "python", ambiguous: true });
  while (asking.structuredContent?.status === "working") {
    asking = await call("check_task", { task: asking.structuredContent.task });
  }
  const { task, inputRequests } = asking.structuredContent ?? {};
  expect(asking.content[0]?.text).toContain("The server asks");
  const answered = await call("answer_task", {
    task,
    key: inputRequests?.[0]?.key,
    response: { action: "accept", content: { interpretation: "snake" } },
  });
  expect(await followed(answered)).toContain("python (snake)");
});

test("20 calls at once each come to their own end", async () => {
  const durations = Array.from({ length: 20 }, (_, index) => 2 + (index % 4));
  const ends = await Promise.all(
    durations.map(async (duration) =>
      followed(await call("trigger-long-running-operation", { duration, steps: 2 })),
    ),
  );
  expect(ends).toEqual(
    durations.map((duration) => `Long running operation completed. Duration: ${duration} seconds, Steps: 2.`),
  );
});
