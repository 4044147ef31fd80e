import { expect, it } from "vitest";
import { lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { T0 } from "../../fixtures/records.ts";

const at = (ms: number): string => new Date(T0 + ms).toISOString();

it.each([
  ["2025-11-25", lab2025, { ...wire2025.working }, (task: object) => task],
  ["2026-07-28", lab2026, { ...wire2026.working }, (task: object) => wire2026.getTaskResult(task as never)],
] as const)(
  "%s: a server that restarts and gives a second call the id of the first loses the first call, not its result",
  async (generation, labOf, working, asReply) => {
    const { client, server, clock } = labOf();
    const made = (ms: number): object => ({ ...working, createdAt: at(ms), lastUpdatedAt: at(ms) });
    const handle = (ms: number): object =>
      generation === "2025-11-25" ? { task: made(ms) } : { ...made(ms), resultType: "task" };
    const start = async (ms: number) => {
      const calling = client.callTool("lab", "report");
      await (await server.expect("tools/call")).reply(handle(ms));
      return calling;
    };
    const first = await start(0);
    await clock.advance(5_000);
    await (await server.expect("tasks/get")).reply(asReply(made(0)));
    // It restarts here.
    await clock.advance(1_000);
    const second = await start(6_000);
    while (first.view.outcome === undefined && clock.now() < T0 + 60_000) {
      await clock.advance(1_000);
      while (server.arrivals.length > 0) await (await server.expect("tasks/get")).reply(asReply(made(6_000)));
    }
    expect(first.view.outcome).toMatchObject({
      kind: "lost",
      detail: expect.stringContaining("another task"),
    });
    expect(second.view.outcome).toBeUndefined();
    expect(second.view.status).toBe("working");
    await client.close();
  },
);
