import { expect } from "vitest";
import type { AppClient } from "./app-client.ts";
import { until } from "./until.ts";

/** What an app's Client got out of a round of everyday use of server-everything. */
export interface Experience {
  readonly tools: readonly unknown[];
  readonly results: readonly unknown[];
  readonly progress: readonly unknown[];
  readonly asked: readonly string[];
  readonly notified: readonly string[];
}

/**
 * Uses all an app may use of its Client: a list, plain calls, a call with progress, a call during
 * which the server asks, and notifications that belong to no request. `round` names what is made.
 */
export async function everydayUse(client: AppClient, round: string): Promise<Experience> {
  const askedBefore = client.asked.length;
  const notifiedBefore = client.notified.length;
  const notified = (): readonly string[] => client.notified.slice(notifiedBefore);
  const progress: unknown[] = [];

  const tools = await client.listTools();
  const results = [
    await client.callTool("echo", { message: round }),
    await client.callTool("get-sum", { a: 2, b: 3 }),
    await client.callTool("trigger-long-running-operation", { duration: 0.2, steps: 4 }, (step) =>
      progress.push(step),
    ),
    await client.callTool("trigger-elicitation-request", {}),
    await client.callTool("gzip-file-as-resource", { name: `${round}.gz`, data: "data:text/plain,kelp" }),
  ];
  await until("resources/list_changed", () => notified().includes("notifications/resources/list_changed"));
  await client.callTool("toggle-simulated-logging", {});
  await until("a log message", () => notified().includes("notifications/message"));
  await client.callTool("toggle-simulated-logging", {});

  // Or the comparison of two rounds would compare nothing.
  expect(tools.length).toBeGreaterThan(10);
  expect(progress).toHaveLength(4);
  return {
    tools,
    results,
    progress,
    asked: client.asked.slice(askedBefore),
    notified: [...new Set(notified())].sort(),
  };
}
