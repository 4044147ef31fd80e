import type { CDPSession, Page, Worker } from "playwright-core";
import { Chromium, newProfile } from "../browser/chromium.ts";
import { pageFaults } from "../browser/page-faults.ts";
import { until } from "../browser/until.ts";
import { ChromeSurface } from "./chrome-surface.ts";
import { EXTENSION_ID, type TestBuild, testBuild } from "./test-build.ts";

const ORIGIN = `chrome-extension://${EXTENSION_ID}`;

/** How older servers answer the question whether they are newer ones. */
const PROBED = /status of 400/;

/** A Chromium with the extension loaded into it, as a person loads it unpacked. */
export class LoadedExtension {
  readonly #build: TestBuild;
  readonly #profile: Awaited<ReturnType<typeof newProfile>>;
  #chromium: Chromium;
  #devtools: CDPSession;
  readonly #complaints: string[][] = [];

  private constructor(
    build: TestBuild,
    profile: Awaited<ReturnType<typeof newProfile>>,
    chromium: Chromium,
    devtools: CDPSession,
  ) {
    this.#build = build;
    this.#profile = profile;
    this.#chromium = chromium;
    this.#devtools = devtools;
    this.#listen();
  }

  static async load(): Promise<LoadedExtension> {
    const [build, profile] = await Promise.all([testBuild(), newProfile()]);
    const chromium = await start(profile.path, build);
    return new LoadedExtension(build, profile, chromium, await chromium.devtools());
  }

  get chromium(): Chromium {
    return this.#chromium;
  }

  /** What its pages and its worker have complained of since this was last asked. */
  takeComplaints(): readonly string[] {
    return this.#complaints.flatMap((some) => some.splice(0));
  }

  /** One of its pages, in a tab. */
  async page(name: "popup" | "panel" | "options", hash = ""): Promise<Page> {
    const page = await this.#chromium.context.newPage();
    const complaints: string[] = [];
    pageFaults(page, complaints);
    this.#complaints.push(complaints);
    await page.goto(`${ORIGIN}/${name}.html${hash}`);
    await page.locator("html[data-ready]").waitFor({ state: "attached" });
    return page;
  }

  /** The popup below the button. */
  async popup(): Promise<ChromeSurface> {
    const [page] = this.#chromium.context.pages();
    if (!page) throw new Error("There is no tab to press the button over");
    await page.bringToFront();
    return ChromeSurface.popup(this.#devtools, EXTENSION_ID, page.url());
  }

  /** The side panel, once somebody has opened it. */
  panel(): Promise<ChromeSurface> {
    return ChromeSurface.panel(this.#devtools, EXTENSION_ID);
  }

  async workerTarget(): Promise<string | undefined> {
    const { targetInfos } = await this.#devtools.send("Target.getTargets");
    return targetInfos.find(({ type, url }) => type === "service_worker" && url.startsWith(ORIGIN))?.targetId;
  }

  /** Ends the worker through DevTools, as the browser does with an idle one, and sees it stopped. It must be running. */
  async stopWorker(): Promise<void> {
    await until("the worker runs", () => this.workerTarget());
    const { context } = this.#chromium;
    const devtools = await context.newCDPSession(context.pages()[0] ?? (await context.newPage()));
    const stopped = new Promise<void>((resolve) => {
      devtools.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
        if (versions.some((one) => one.scriptURL.startsWith(ORIGIN) && one.runningStatus === "stopped"))
          resolve();
      });
    });
    await devtools.send("ServiceWorker.enable");
    await devtools.send("ServiceWorker.stopAllWorkers");
    await stopped;
    await devtools.detach();
  }

  /** Adds a server on the options page, as a person does; with an `Authorization` that is kept on the computer, if one is given. */
  async addServer(url: string, name: string, authorization?: string): Promise<void> {
    const page = await this.page("options");
    await page.fill("[name=address]", url);
    await page.fill("[name=name]", name);
    if (authorization !== undefined) {
      await page.selectOption("[name=authorization]", "header");
      await page.selectOption("[name=keeping]", "on this computer");
      await page.getByLabel("Value", { exact: true }).fill(authorization);
    }
    await page.click("button[name=add]");
    await page.locator(`[data-server="${url}"] .server-found`).waitFor();
    await page.close();
  }

  /** Until this stands on the button. */
  async badge(text: string): Promise<void> {
    await until(`the button says ${JSON.stringify(text)}`, async () =>
      (await this.ask(() => chrome.action.getBadgeText({}))) === text ? true : undefined,
    );
  }

  /** The ids of the notices that are on the desktop, as the browser has them. */
  async notices(): Promise<readonly string[]> {
    return Object.keys(await this.ask(() => chrome.notifications.getAll()));
  }

  /** As when a person sweeps them away. */
  async clearNotices(): Promise<void> {
    await this.ask(async () => {
      for (const id of Object.keys(await chrome.notifications.getAll())) await chrome.notifications.clear(id);
    });
  }

  /** Whether an alarm goes off so soon, and no sooner: in ms from now. */
  async hasAlarmIn(leastMs: number, mostMs: number): Promise<true | undefined> {
    const times = await this.ask(async () => {
      const now = Date.now();
      return (await chrome.alarms.getAll()).map(({ scheduledTime }) => scheduledTime - now);
    });
    return times.some((ms) => ms >= leastMs && ms <= mostMs) || undefined;
  }

  /** Asks the browser in the extension's name, from a page of it without a script: the worker sleeps on. */
  async ask<T>(script: () => Promise<T>): Promise<T>;
  async ask<T, A>(script: (given: A) => Promise<T>, given: A): Promise<T>;
  async ask<T, A>(script: (given: A | undefined) => Promise<T>, given?: A): Promise<T> {
    const probe = `${ORIGIN}/icons/icon-16.png`;
    const { context } = this.#chromium;
    const page = context.pages().find((open) => open.url() === probe) ?? (await this.#chromium.open(probe));
    return page.evaluate(script as never, given as never);
  }

  /** Runs a script in the worker, which is started for it if need be. */
  async inWorker<T>(script: () => T): Promise<Awaited<T>>;
  async inWorker<T, A>(script: (given: A) => T, given: A): Promise<Awaited<T>>;
  async inWorker<T, A>(script: (given: A | undefined) => T, given?: A): Promise<Awaited<T>> {
    if (!(await this.workerTarget())) await this.wake();
    const worker = this.#chromium.context.serviceWorkers().findLast((one) => one.url().startsWith(ORIGIN));
    if (!worker) throw new Error("The worker does not run");
    return worker.evaluate(script as never, given as never) as Promise<Awaited<T>>;
  }

  /** A tab that shows one of its pages, if there is one. */
  openPage(name: string): Page | undefined {
    return this.#chromium.context.pages().find((page) => page.url().startsWith(`${ORIGIN}/${name}`));
  }

  /** Has the worker started, as by any message of a page. */
  async wake(): Promise<void> {
    const page = await this.#chromium.context.newPage();
    await page.goto(`${ORIGIN}/popup.html`);
    await until("the worker runs", () => this.workerTarget());
    await page.close();
  }

  /** SIGKILL, and a new browser on the same profile. */
  async restartBrowser(): Promise<void> {
    await this.#chromium.kill();
    this.#chromium = await start(this.#profile.path, this.#build);
    this.#devtools = await this.#chromium.devtools();
    this.#listen();
  }

  #listen(): void {
    const errors: string[] = [];
    this.#complaints.push(errors);
    const listen = (worker: Worker): void => {
      worker.on("console", (message) => {
        if (message.type() === "error" && !PROBED.test(message.text())) errors.push(message.text());
      });
    };
    this.#chromium.context.on("serviceworker", listen);
    for (const worker of this.#chromium.context.serviceWorkers()) listen(worker);
  }

  async remove(): Promise<void> {
    await this.#chromium.kill();
    await Promise.all([this.#profile.remove(), this.#build.remove()]);
  }
}

function start(profile: string, { path }: TestBuild): Promise<Chromium> {
  return Chromium.start(profile, [`--load-extension=${path}`, `--disable-extensions-except=${path}`]);
}
