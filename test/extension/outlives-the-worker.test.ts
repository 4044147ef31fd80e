import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { until } from "../browser/until.ts";
import { LoadedExtension } from "./loaded-extension.ts";
import { SmallSite, TOKEN } from "./small-site.ts";
import { startInPopup } from "./start-in-popup.ts";
import { TaskLab } from "./task-lab.ts";

const DOI = "10.1038/s41586-020-2649-2";
/** Four of them outlast five workers and a browser on a busy machine. */
const STAGE_MS = 6_000;
/** The sample asks for no more. */
const INTERVAL_MS = 2_000;
/** Longer than it takes to stop a worker. */
const STOPPING_MS = 700;

let extension: LoadedExtension;
let site: SmallSite;

beforeAll(async () => {
  [extension, site] = await Promise.all([LoadedExtension.load(), SmallSite.start(inject("workerUrl"))]);
});
afterAll(async () => {
  site.close();
  await extension.remove();
});

test.each([
  { generation: "2026-07-28", where: "at a server" },
  { generation: "2025-11-25", where: "at a server that wants a token" },
])(
  "a $generation task $where, started in the popup, outlives five workers and the browser",
  async ({ generation, where }) => {
    const lab = new TaskLab();
    const guarded = where.endsWith("token");
    const server = guarded
      ? lab.server(generation).replace(inject("workerUrl"), site.origin)
      : lab.server(generation);
    await extension.addServer(server, `Papers ${generation}`, guarded ? TOKEN : undefined);

    const args = { doi: DOI, stage_ms: STAGE_MS };
    await startInPopup(await extension.popup(), { server, name: `Papers ${generation}`, args });
    await extension.badge("1");

    for (let stop = 1; stop <= 5; stop++) {
      // Killed just when its alarm has gone off, it is woken a minute later: the unit tests have every moment.
      await until("the alarm is set for the next poll", () => extension.hasAlarmIn(STOPPING_MS, INTERVAL_MS));
      const polls = await lab.count("tasks/get");
      await extension.stopWorker();
      if (stop === 3) await extension.restartBrowser();
      // Nobody opens anything: the alarm alone brings the worker back.
      await until(
        "a worker asks for the task again",
        async () => (await lab.count("tasks/get")) > polls || undefined,
      );
      // The browser that was started anew had forgotten it.
      if (stop === 3) await extension.badge("1");
    }
    await until(
      "the result's notice is there",
      async () => (await extension.notices()).some((id) => id.startsWith("ended ")) || undefined,
    );
    expect(await lab.count("tools/call")).toBe(1);
    const gaps = await lab.gaps();
    console.log(`${generation}: polled after ${gaps.join(", ")} ms; asked for every ${INTERVAL_MS} ms`);
    // The interval is kept from sending to sending; on its way one request may be longer than the next.
    for (const gap of gaps) expect(gap).toBeGreaterThan(0.8 * INTERVAL_MS);

    const panel = await extension.page("panel");
    await panel.locator(".task-row").first().click();
    await panel.locator(".result").filter({ hasText: DOI }).waitFor();
    const lives = await panel.locator(".time-moments li", { hasText: "Resumed by a new worker" }).count();
    expect(lives).toBeGreaterThanOrEqual(5);
    await panel.close();
    await extension.badge("");

    // Another worker looks at the same tasks, and announces only what is new.
    await extension.clearNotices();
    await extension.stopWorker();
    const page = await extension.page("popup", hashOf("call", server, "must_task"));
    await page.locator(".call-form [id^=argument_text]").first().fill("echo");
    await page.getByRole("button", { name: "Call", exact: true }).click();
    await until(
      "the notice of the other task is there",
      async () => (await extension.notices()).length > 0 || undefined,
    );
    await page.close();
    expect(await extension.notices()).toHaveLength(1);
    expect(extension.takeComplaints()).toEqual([]);
  },
);

function hashOf(...route: readonly string[]): string {
  return `#/${route.map(encodeURIComponent).join("/")}`;
}
