import type { TaskView } from "holdfast";
import { expect, it } from "vitest";
import { GroupLife } from "./group-life.ts";

const WAIT_MS = 30_000;

it("a wait for news of a task ends when its requests begin to fail, and when they cease to", async () => {
  const life = new GroupLife("2026-07-28");
  await life.clearServer();
  await life.start({ stage_ms: 30_000 });
  const waited = async (seen: TaskView | undefined, failing: boolean): Promise<TaskView | undefined> => {
    const wait = { afterRev: seen?.rev ?? 0, ms: WAIT_MS, failing };
    return (await life.group.task(life.id, wait)) as TaskView | undefined;
  };
  const running = await life.task();
  await life.fails("tasks/get");
  const failing = await waited(running, false);
  // That is stored nowhere.
  expect([failing?.rev, failing?.retry?.failure.kind]).toEqual([running?.rev, "http"]);
  const again = await waited(failing, true);
  expect(again).toMatchObject({ rev: running?.rev, status: "working" });
  expect(again).not.toHaveProperty("retry");
  await life.group.forget(life.id, true);
});
