import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServerProcess, startWorker } from "../../servers/processes.ts";
import { TESTER } from "../../servers/test-token.ts";
import { inspector, installInspector } from "./inspector.ts";
import { Person } from "./person.ts";

let worker: ServerProcess;
let folder: string;

beforeAll(async () => {
  await installInspector();
  folder = await mkdtemp(join(tmpdir(), "holdfast-inspector-"));
  worker = await startWorker({ vars: { DEMO: "true", OAUTH: "{}", TOKENS: JSON.stringify([TESTER]) } });
}, 600_000);

afterAll(async () => {
  await worker.kill();
  await rm(folder, { recursive: true, force: true });
});

test("Inspector 2.x, with nothing but the address, signs a person in, lists the tools, and refreshes its token", {
  timeout: 120_000,
}, async () => {
  const person = new Person("token-of-tester");
  const signedIn = await inspector(folder)(new URL(`${worker.url}/mcp`), person);
  expect(await signedIn.tools()).toContain("sample-2025_acquire_paper");
  expect(person.pages).toHaveLength(1);
  expect(person.pages[0]).toContain("MCP Inspector");
  signedIn.expire?.();
  expect(await signedIn.tools()).toContain("sample-2025_acquire_paper");
  expect(person.pages, "the person is not asked again").toHaveLength(1);
});
