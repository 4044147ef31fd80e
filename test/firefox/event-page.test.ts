import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../browser/until.ts";
import { startInPopup } from "../extension/start-in-popup.ts";
import { TaskLab } from "../extension/task-lab.ts";
import { LoadedInFirefox } from "./loaded-in-firefox.ts";

const DOI = "10.1038/s41586-020-2649-2";
const STAGE_MS = 6_000;
/** The sample asks for no more. */
const INTERVAL_MS = 2_000;

let extension: LoadedInFirefox;

beforeAll(async () => {
  extension = await LoadedInFirefox.load();
});
afterAll(() => extension.remove());

test.each(["2026-07-28", "2025-11-25"])(
  "a %s task, started in the popup, outlives five event pages of Firefox",
  async (generation) => {
    const lab = new TaskLab();
    const server = lab.server(generation);
    const options = await extension.page("options");
    await options.fill("[name=address]", server);
    await options.fill("[name=name]", `Papers ${generation}`);
    await options.click("button[name=add]");
    await options.sees(`[data-server="${server}"] .server-found`);
    await options.close();

    const args = { doi: DOI, stage_ms: STAGE_MS };
    await startInPopup(await extension.page("popup"), { server, name: `Papers ${generation}`, args });

    for (let stop = 1; stop <= 5; stop++) {
      const polls = await lab.count("tasks/get");
      expect(await extension.stopBackground()).toBe("stopped");
      // Nobody opens anything: the alarm alone brings it back.
      await until(
        "an event page asks for the task again",
        async () => (await lab.count("tasks/get")) > polls || undefined,
        70_000,
      );
    }

    const panel = await extension.page("panel");
    await panel.click(".task-row");
    await panel.sees(".result", DOI);
    expect(await panel.count(".time-moments li", "Resumed by a new worker")).toBeGreaterThanOrEqual(5);
    await panel.close();
    expect(await lab.count("tools/call")).toBe(1);
    const gaps = await lab.gaps();
    console.log(`${generation}: polled after ${gaps.join(", ")} ms; asked for every ${INTERVAL_MS} ms`);
    for (const gap of gaps) expect(gap).toBeGreaterThan(0.8 * INTERVAL_MS);
  },
);
