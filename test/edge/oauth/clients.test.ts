import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, type ServerProcess, startWorker } from "../../servers/processes.ts";
import { TESTER } from "../../servers/test-token.ts";
import { Person } from "./person.ts";
import {
  aiSdk,
  conformance,
  MemoryProvider,
  mcpRemote,
  type SignIn,
  sdkV1,
  sdkV2,
} from "./signing-clients.ts";

const CERTIFICATE = join(import.meta.dirname, "loopback.pem");

let worker: ServerProcess;
let folder: string;
let documents: Server;
let documentUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-signing-"));
  const pem = await readFile(CERTIFICATE);
  documents = createServer({ key: pem, cert: pem }, (_request, reply) => {
    const { clientMetadata } = new MemoryProvider();
    reply.setHeader("content-type", "application/json");
    reply.end(JSON.stringify({ client_id: documentUrl, ...clientMetadata, client_name: "Described client" }));
  });
  await new Promise<void>((resolve) => documents.listen(0, "127.0.0.1", resolve));
  const address = documents.address();
  documentUrl = `https://localhost:${typeof address === "object" && address ? address.port : 0}/client.json`;
  worker = await startWorker({
    vars: { DEMO: "true", OAUTH: "{}", TOKENS: JSON.stringify([TESTER]) },
    env: { NODE_EXTRA_CA_CERTS: CERTIFICATE },
  });
}, 90_000);

afterAll(async () => {
  await worker.kill();
  documents.closeAllConnections();
  documents.close();
  await rm(folder, { recursive: true, force: true });
});

const CLIENTS: readonly (readonly [string, () => SignIn])[] = [
  ["SDK v1", () => sdkV1],
  ["SDK v2 (2026-07-28)", () => sdkV2("auto")],
  ["SDK v2 (2025-11-25)", () => sdkV2("legacy")],
  ["SDK v2 with a client metadata document over TLS", () => sdkV2("auto", documentUrl)],
  ["@ai-sdk/mcp", () => aiSdk],
  ["mcp-remote", () => mcpRemote(folder)],
];

describe.each(CLIENTS)("%s, with nothing but the address", (name, client) => {
  test("signs a person in, lists the tools, and refreshes its token", { timeout: 60_000 }, async () => {
    const person = new Person("token-of-tester");
    const signedIn = await client()(new URL(`${worker.url}/mcp/sample-2025`), person);
    try {
      expect(await signedIn.tools()).toContain("acquire_paper");
      expect(person.pages).toHaveLength(1);
      expect(person.pages[0]).toContain(
        name.includes("document") ? "<b>localhost</b>" : "nobody has verified it",
      );
      if (!signedIn.expire) return;
      signedIn.expire();
      expect(await signedIn.tools()).toContain("acquire_paper");
      expect(person.pages, "the person is not asked again").toHaveLength(1);
    } finally {
      await signedIn.close();
    }
  });
});

test("passes all scenarios of the conformance suite for authorization servers", {
  timeout: 60_000,
}, async () => {
  const port = await freePort();
  const redirect = `http://127.0.0.1:${port}/callback`;
  const registration = await fetch(`${worker.url}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ redirect_uris: [redirect], token_endpoint_auth_method: "none" }),
  });
  const { client_id } = (await registration.json()) as { client_id: string };
  const results = join(folder, "conformance");
  const person = new Person("token-of-tester");
  const report = await conformance(worker.url, client_id, port, `${worker.url}/mcp`, person, results);
  const files = (await readdir(results, { recursive: true })).filter((file) => file.endsWith("checks.json"));
  const checks = await Promise.all(
    files.map(
      async (file) => JSON.parse(await readFile(join(results, file), "utf8")) as { status: string }[],
    ),
  );
  expect(
    checks.flat().map(({ status }) => status),
    report,
  ).toEqual(["SUCCESS", "SUCCESS", "SUCCESS"]);
});
