// The pictures of README.md and docs/console.md: `npm run pictures`. A real console, with a real sample server behind it.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { startWorker } from "../servers/processes.ts";
import { Chromium, newProfile } from "./chromium.ts";
import { SCHEMES } from "./main-views.ts";
import { settled } from "./settled.ts";
import { TaskPage } from "./task-page.ts";

const FOLDER = join(import.meta.dirname, "../../docs/pictures");
const SIZE = { width: 1120, height: 660 };
/** Points of the picture for each of the page's. */
const SHARPNESS = 1.75;
const MOST_BYTES = 150_000;

const PAPERS = [
  { doi: "10.1073/pnas.1515613113", stage_ms: 40, mode: "tool_error" },
  { doi: "10.1016/j.jembe.2019.151213", stage_ms: 40, mode: "rpc_error" },
  { doi: "10.1111/gcb.15303", stage_ms: 700, mode: "success" },
  { doi: "10.1126/science.adg7879", stage_ms: 60_000, mode: "success" },
];

const profile = await newProfile();
const worker = await startWorker({ vars: { DEMO: "true" } });
const browser = await Chromium.start(profile.path);
try {
  await mkdir(FOLDER, { recursive: true });
  const page = await browser.context.newPage();
  await page.setViewportSize(SIZE);
  await page.goto(`${worker.url}/?lab=pictures`);
  await take(new TaskPage(page));
} finally {
  await browser.kill();
  await worker.kill();
  await profile.remove();
}

async function take(view: TaskPage): Promise<void> {
  const { page } = view;
  const server = "sample pictures 2026-07-28";
  for (const paper of PAPERS) {
    await view.choose(server);
    await view.call("acquire_paper", paper);
    const running = paper.stage_ms > 10_000;
    if (running) await view.task.getByText("Resolving").first().waitFor();
    else await view.task.locator(".time-moments [data-kind=ended]").waitFor();
  }
  await view.choose("sample pictures 2025-11-25");
  await view.call("must_task", { text: "Kelp forests" });
  await view.stands("completed");
  await view.choose(server);
  await view.call("acquire_paper", { doi: "10.1038/s41586-020-2649-2", stage_ms: 300, mode: "ask" });
  await view.question.getByRole("combobox").waitFor();
  await picture(page, "question");
  await view.showTasks();
  await page.locator(".split[data-chosen=false]").waitFor();
  await picture(page, "tasks");
  await view.open();
  await view.pick("Edition", "published");
  await view.answer();
  await view.stands("completed");
  await view.result.locator(".json-tree").waitFor();
  await picture(page, "result");
}

/** Of the page as it is, light and dark. Throws an Error if a file is too large for a document. */
async function picture(page: Page, name: string): Promise<void> {
  for (const scheme of SCHEMES) {
    await page.getByLabel("Colours").selectOption(scheme);
    await page.getByRole("heading", { name: "Holdfast" }).click();
    await settled(page);
    const devtools = await page.context().newCDPSession(page);
    const { data } = (await devtools.send("Page.captureScreenshot", {
      format: "webp",
      quality: 82,
      clip: { x: 0, y: 0, ...SIZE, scale: SHARPNESS },
    })) as { data: string };
    await devtools.detach();
    const bytes = Buffer.from(data, "base64");
    const file = `console-${name}-${scheme}.webp`;
    if (bytes.length > MOST_BYTES)
      throw new Error(`${file} has ${bytes.length} bytes, more than ${MOST_BYTES}`);
    await writeFile(join(FOLDER, file), bytes);
    console.log(file, bytes.length);
  }
}
