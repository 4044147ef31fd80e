import { expect, test } from "vitest";
import { start } from "workflow/api";
import { POST } from "./task-settled.ts";
import { serveRoute } from "./webhook-route.mjs";
import { readPaper } from "./workflows/read-paper.ts";

test("the workflow waits for the task and reads the paper", async () => {
  const server = await serveRoute(POST);
  process.env.PUBLIC_URL = server.url;
  const run = await start(readPaper, [process.env.DOI]);
  const result = await run.returnValue;
  server.close();
  expect(result).toMatchObject({ kind: "completed" });
  expect(result.text).toContain(process.env.DOI);
});
