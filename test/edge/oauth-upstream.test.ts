import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, type ServerProcess, startWorker } from "../servers/processes.ts";
import { BEARER, TESTER } from "../servers/test-token.ts";
import { ProtectedServer } from "./protected-server.ts";

let upstream: ProtectedServer;
let worker: ServerProcess;
let start: () => Promise<ServerProcess>;
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "holdfast-oauth-"));
  upstream = await ProtectedServer.start();
  const oauth = { clientId: "edge", clientSecret: "$" + "{CLIENT_SECRET}", issuer: upstream.origin };
  const endpoints = {
    guarded: { url: `${upstream.origin}/mcp`, allowPrivate: true, era: "2026-07-28", oauth },
  };
  const port = await freePort();
  const vars = {
    DEMO: "true",
    TOKENS: JSON.stringify([TESTER]),
    ENDPOINTS: JSON.stringify(endpoints),
    CLIENT_SECRET: "secret",
  };
  start = () => startWorker({ port, persistTo: state, vars });
  worker = await start();
});

afterAll(async () => {
  await worker.kill();
  upstream.close();
  await rm(state, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

async function whoami(): Promise<{ status: number; text: string }> {
  const reply = await fetch(`${worker.url}/v1/endpoints/guarded/calls`, {
    method: "POST",
    headers: { ...BEARER, "content-type": "application/json" },
    body: JSON.stringify({ tool: "whoami" }),
  });
  return { status: reply.status, text: await reply.text() };
}

test("an endpoint behind OAuth is called with a token, which outlives the worker and is renewed when refused", async () => {
  const first = await whoami();
  expect(first, first.text).toMatchObject({ status: 200 });
  expect(first.text).toContain("You are edge");
  expect(upstream.calls).toEqual(["token-1"]);

  await worker.kill();
  worker = await start();
  expect((await whoami()).status).toBe(200);
  expect(upstream.tokens, "the token was kept in the object").toEqual(["token-1"]);

  upstream.revoked.add("token-1");
  expect((await whoami()).status).toBe(200);
  expect(upstream.calls).toEqual(["token-1", "token-1", "token-2"]);
});
