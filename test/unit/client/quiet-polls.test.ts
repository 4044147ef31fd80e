import { expect, it } from "vitest";
import { memoryStore } from "../../../src/store/memory.ts";
import { type Lab, lab2025, lab2026 } from "../../fixtures/client-lab.ts";
import * as wire2025 from "../../fixtures/messages-2025-11-25.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { T0 } from "../../fixtures/records.ts";

const POLLS = 26;

/** What `tasks/get` says at a moment: some servers stamp each reply with its time. */
const SERVERS: readonly [string, (parts: object) => Lab, (at: string) => object, object][] = [
  [
    "2025-11-25",
    lab2025,
    (at) => ({ ...wire2025.working, createdAt: at, lastUpdatedAt: at }),
    wire2025.createTaskResult,
  ],
  [
    "2026-07-28",
    lab2026,
    (at) => wire2026.getTaskResult({ ...wire2026.working, createdAt: at, lastUpdatedAt: at }),
    { ...wire2026.working, resultType: "task" },
  ],
];

it.each(SERVERS)(
  "%s: 26 polls that bring only later time stamps write nothing and call nobody, and nextPollAt moves on",
  async (_generation, labOf, reply, handle) => {
    const base = memoryStore();
    let writes = 0;
    const save: typeof base.save = (record) => {
      writes++;
      return base.save(record);
    };
    const { client, server, clock } = labOf({ store: { ...base, save } });
    const calling = client.callTool("lab", "report");
    await (await server.expect("tools/call")).reply(handle);
    const task = await calling;
    let called = 0;
    client.subscribe(() => called++);
    task.subscribe(() => called++);
    const { view } = task;
    writes = 0;
    for (let poll = 1; poll <= POLLS; poll++) {
      await clock.advance(5_000);
      const asked = await server.expect("tasks/get");
      expect(task.nextPollAt, "a poll is in flight").toBeUndefined();
      await asked.reply(reply(new Date(clock.now()).toISOString()));
      expect(task.nextPollAt).toBe(T0 + (poll + 1) * 5_000);
    }
    expect({ writes, called }).toEqual({ writes: 0, called: 0 });
    expect(task.view).toBe(view);
  },
);

it("a poll that only renews the record of the pace (`persistPace`) calls nobody", async () => {
  const { client, server, clock } = lab2026({ pace: { persistPace: true } });
  const calling = client.callTool("lab", "report");
  await (await server.expect("tools/call")).reply({ ...wire2026.working, resultType: "task" });
  const task = await calling;
  let called = 0;
  client.subscribe(() => called++);
  await clock.advance(5_000);
  await (await server.expect("tasks/get")).reply(wire2026.getTaskResult(wire2026.working));
  expect(called).toBe(0);
  await clock.advance(5_000);
  await (await server.expect("tasks/get")).reply(
    wire2026.getTaskResult({ ...wire2026.working, statusMessage: "half" }),
  );
  expect(called).toBe(1);
  expect(task.view.snapshot?.statusMessage).toBe("half");
});
