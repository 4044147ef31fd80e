import { afterAll, expect, test } from "vitest";
import { connected, DataFolder, EVERYTHING, holdfast } from "./proxied-client.ts";

const folder = new DataFolder();
afterAll(() => folder.remove());

test("with nothing shortened: a 90 s call through the SDK's own 60 s limit comes to its result", {
  timeout: 240_000,
}, async () => {
  const { client } = await connected(holdfast("--", ...EVERYTHING), folder);
  const began = performance.now();
  const call = { name: "trigger-long-running-operation", arguments: { duration: 90, steps: 9 } };
  let result = await client.callTool(call);
  const firstAnswer = performance.now() - began;
  for (let checks = 0; result.structuredContent && checks < 10; checks++) {
    const { task } = result.structuredContent as { task: string };
    result = await client.callTool({ name: "check_task", arguments: { task } });
  }
  expect(firstAnswer).toBeGreaterThan(44_000);
  expect(firstAnswer).toBeLessThan(60_000);
  expect(performance.now() - began).toBeGreaterThan(89_000);
  expect(result.content).toEqual([
    { type: "text", text: "Long running operation completed. Duration: 90 seconds, Steps: 9." },
  ]);
  await client.close();
});
