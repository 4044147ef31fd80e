import { expect, test, vi } from "vitest";
import { ModernClient } from "./modern-client.ts";

const LISTS = { notifications: { toolsListChanged: true } };

function clientWithTwoStreams(): ModernClient {
  return new ModernClient(`p-${crypto.randomUUID()}`, "sample-2026", undefined, { LIMITS: '{"streams":2}' });
}

test.each(["GET streams", "subscriptions", "subscriptions to tasks"])(
  "%s of the gateway count as streams of the principal, until they end",
  async (kind) => {
    const client = clientWithTwoStreams();
    const open = (): Promise<Response> => {
      if (kind === "GET streams") return client.listen();
      return client.send(
        "subscriptions/listen",
        kind === "subscriptions" ? LISTS : { notifications: { taskIds: ["x"] } },
      );
    };
    const [first, second] = [await open(), await open()];
    expect([first.status, second.status]).toEqual([200, 200]);
    const refused = await open();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({
      jsonrpc: "2.0",
      error: { code: -32000, message: expect.stringContaining("2 event streams") },
    });
    await first.body?.cancel();
    const again = await vi.waitFor(
      async () => {
        const reply = await open();
        expect(reply.status).toBe(200);
        return reply;
      },
      { timeout: 20_000, interval: 100 },
    );
    await Promise.all([again.body?.cancel(), second.body?.cancel()]);
  },
);

test("a subscription that is refused takes no stream", async () => {
  const client = clientWithTwoStreams();
  for (let n = 0; n < 5; n++) {
    const reply = await client.send("subscriptions/listen", { notifications: { taskIds: ["x"] } }, {});
    expect(reply.status).toBe(400);
    await reply.body?.cancel();
  }
  const open = await client.listen();
  expect(open.status).toBe(200);
  await open.body?.cancel();
});
