import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SigningServer } from "../../proxy/signing-server.ts";
import { type ServerProcess, startWorker } from "../../servers/processes.ts";
import { BEARER, TESTER } from "../../servers/test-token.ts";
import { callAndCheck, type PlainClient, sdkV1 } from "../gateway/plain-clients.ts";
import { Person } from "./person.ts";

let server: SigningServer;
let worker: ServerProcess;
let client: PlainClient;

beforeAll(async () => {
  server = await SigningServer.start();
  const endpoints = { guarded: { url: `${server.origin}/mcp`, consent: true, allowPrivate: true } };
  worker = await startWorker({
    vars: {
      OAUTH: "{}",
      TOKENS: JSON.stringify([TESTER]),
      ENDPOINTS: JSON.stringify(endpoints),
      CONSENT_SECRET: "a-secret-of-thirty-two-characters-or-more",
      GATEWAY: JSON.stringify({ joinWindowMs: 0, budgetMs: 3_000 }),
    },
  });
  client = await sdkV1(new URL(`${worker.url}/mcp`), BEARER, 30_000);
}, 90_000);

afterAll(async () => {
  await client.close();
  await worker.kill();
  server.close();
});

const address = (): string => `${worker.url}/connect/guarded`;

async function whoami(): Promise<string> {
  return JSON.stringify((await callAndCheck(client, "whoami", {})).content);
}

describe("an endpoint with consent", { timeout: 60_000 }, () => {
  test("answers an earlier caller with the address where the person connects it", async () => {
    expect(await whoami()).toContain(address());
    expect(JSON.stringify((await client.call("list_tasks", {})).content)).toContain(address());
    expect(server.pages, "nobody was sent to the server's page").toBe(0);
  });

  test("is connected by the person, and then called in the person's name", async () => {
    const person = new Person("token-of-tester");
    const page = await person.connect(address());
    expect(page).toContain("guarded is connected");
    expect(server.registrations).toHaveLength(1);
    expect(await whoami()).toContain("Ada");
  });

  test("is called with a new token when the old one is refused, which is renewed once", async () => {
    const before = server.refreshes;
    server.tokens.clear();
    const answers = await Promise.all([whoami(), whoami(), whoami()]);
    for (const answer of answers) expect(answer).toContain("Ada");
    expect(server.refreshes).toBe(before + 1);
  });

  test("is not connected by a person without the secret, nor by a stranger's callback", async () => {
    const wrong = new Person("wrong");
    await expect(wrong.connect(address())).rejects.toThrow("This secret is not known here.");
    const stranger = await fetch(`${worker.url}/connected?state=made-up&code=made-up`);
    expect(stranger.status).toBe(400);
    const person = new Person("token-of-tester");
    const back = await person.leave(address());
    const elsewhere = await fetch(back);
    expect(elsewhere.status, "another browser").toBe(400);
  });

  test("asks the person again when its server has ended the grant, and the call goes on by itself", async () => {
    server.endGrants();
    const running = await client.call("whoami", {});
    expect(JSON.stringify(running.content)).toContain(address());
    const task = running.structuredContent?.task ?? "";
    expect(task).not.toBe("");
    await new Person("token-of-tester").connect(address());
    const answer = await callAndCheck(client, "check_task", { task });
    expect(JSON.stringify(answer.content)).toContain("Ada");
  });
});
