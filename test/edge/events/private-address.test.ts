import { createMCPClient } from "@ai-sdk/mcp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServerProcess, startWorker } from "../../servers/processes.ts";
import { BEARER, TESTER } from "../../servers/test-token.ts";
import { EventReceiver } from "./event-receiver.ts";

let worker: ServerProcess;
let receiver: EventReceiver;

beforeAll(async () => {
  receiver = await EventReceiver.start();
  worker = await startWorker({ vars: { DEMO: "true", TOKENS: JSON.stringify([TESTER]) } });
}, 60_000);

afterAll(async () => {
  await Promise.all([worker.kill(), receiver.close()]);
});

test("a callback at a private address is refused where none is allowed, and receives nothing", async () => {
  const client = await createMCPClient({
    transport: { type: "http", url: `${worker.url}/mcp/sample-2026`, headers: BEARER },
    experimental_events: { store: receiver.store },
  });
  const delivery = { mode: "webhook", url: receiver.url, allowInsecureLocalhost: true } as const;
  await expect(client.experimental_events.subscribe({ name: "task.completed", delivery })).rejects.toThrow(
    "it is not https",
  );
  expect(receiver.deliveries).toEqual([]);
  await client.close();
});
