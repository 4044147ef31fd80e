import { expect, it } from "vitest";
import type { Task, TaskReader } from "../../../src/index.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";

interface Request {
  readonly doi: string;
}

interface Paper {
  readonly pages: number;
}

it("callTool<Output, Args> types the arguments and the structured content of the result", async () => {
  const { client, server } = lab2026();
  const calling = client.callTool<Paper, Request>("lab", "plain", { doi: "10.1/kelp" });
  const call = await server.expect("tools/call");
  expect(call.params.arguments).toEqual({ doi: "10.1/kelp" });
  await call.reply({ resultType: "complete", content: [], structuredContent: { pages: 3 } });
  const task: Task<Paper> = await calling;
  const { structuredContent } = await task.result();
  const pages: number | undefined = structuredContent?.pages;
  expect(pages).toBe(3);
  // @ts-expect-error: a paper has no title.
  expect(structuredContent?.title).toBeUndefined();
  // A handle of whatever result is a handle.
  const untyped: Task = task;
  const reader: TaskReader = client;
  expect((await reader.get(untyped.id)) ?? untyped).toBeDefined();
});

it("callTool without types takes any object and returns unknown structured content", async () => {
  const { client, server } = lab2026();
  const request: Request = { doi: "10.1/kelp" };
  const calling = client.callTool("lab", "plain", request);
  await (await server.expect("tools/call")).reply({ resultType: "complete", content: [] });
  const { structuredContent } = await (await calling).result();
  // @ts-expect-error: nothing is known of it.
  expect(structuredContent?.pages).toBeUndefined();
});
