import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { until } from "../browser/until.ts";
import { BreakingProxy } from "../sdk/breaking-proxy.ts";
import { startEverythingServer } from "../sdk/everything-server.ts";
import { bundled } from "./bundle.ts";
import { Home } from "./home.ts";
import type { Command, Seen } from "./main-job-page.ts";
import { BROWSERS, type BrowserPlace, newFolder, type RunningBrowser } from "./places.ts";

let script: string;
beforeAll(async () => {
  script = await bundled(`import { work } from "./main-job-page.ts"; void work();`);
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A browser with the page of the main job in some tabs, and the official server behind a proxy that counts. */
class Desk {
  readonly proxy: BreakingProxy;
  readonly #home: Home;
  readonly #place: BrowserPlace;
  readonly #profile: string;
  #browser: RunningBrowser | undefined;

  private constructor(place: BrowserPlace, proxy: BreakingProxy, home: Home, profile: string) {
    this.#place = place;
    this.proxy = proxy;
    this.#home = home;
    this.#profile = profile;
  }

  static async at(place: BrowserPlace): Promise<Desk> {
    const everything = await startEverythingServer();
    closers.push(() => everything.stop());
    const proxy = await BreakingProxy.before(everything.url);
    closers.push(() => proxy.close());
    const home = await Home.open(script);
    closers.push(() => home.close());
    const profile = await newFolder();
    closers.push(() => profile.remove());
    const desk = new Desk(place, proxy, home, profile.path);
    closers.push(() => desk.kill());
    return desk;
  }

  async open(...tabs: readonly string[]): Promise<void> {
    const ready = this.#count("", "ready");
    const server = encodeURIComponent(this.proxy.url);
    this.#browser = await this.#place.start(
      this.#profile,
      tabs.map((tab) => `${this.#home.url}/page?tab=${tab}&server=${server}`),
    );
    await this.#until(
      `${tabs.length} tabs are ready`,
      () => this.#count("", "ready") === ready + tabs.length,
    );
  }

  async kill(): Promise<void> {
    await this.#browser?.kill();
    this.#browser = undefined;
  }

  command(tab: string, command: Command): void {
    this.#home.command(tab, command);
  }

  async reload(tab: string): Promise<void> {
    const ready = this.#count("", "ready");
    this.command(tab, { do: this.#place.renews });
    await this.#until("the page is ready again", () => this.#count("", "ready") === ready + 1);
  }

  sees(topic: string, status: string, tab?: string): Promise<Seen> {
    return this.#until(`tab ${tab ?? ""} reports ${status} of ${topic}`, () =>
      this.#seen.find(
        (seen) => seen.topic === topic && seen.status === status && (tab ?? seen.tab) === seen.tab,
      ),
    );
  }

  get #seen(): readonly Seen[] {
    return this.#home.reports as readonly Seen[];
  }

  #count(topic: string, status: string): number {
    return this.#seen.filter((seen) => seen.topic === topic && seen.status === status).length;
  }

  #until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    return until(what, () => look() || undefined, 120_000);
  }
}

describe.each(BROWSERS)("the main job in $name", (place) => {
  const here = test.skipIf(place.missing !== undefined);

  here("a call ends after three reloads of its page, and its tool ran once", async () => {
    const desk = await Desk.at(place);
    await desk.open("1");
    desk.command("1", { do: "call", topic: "reload" });
    await desk.sees("reload", "working");
    for (let reload = 0; reload < 3; reload++) await desk.reload("1");
    expect((await desk.sees("reload", "result")).text).toContain("**Topic**: reload");
    expect(desk.proxy.count("tools/call")).toBe(1);
    expect(desk.proxy.count("initialize")).toBe(1);
  });

  here("a call outlives a killed browser: the next one has its result from IndexedDB", async () => {
    const desk = await Desk.at(place);
    await desk.open("1");
    desk.command("1", { do: "call", topic: "kill" });
    await desk.sees("kill", "working");
    await desk.kill();
    await desk.open("1");
    expect((await desk.sees("kill", "result")).text).toContain("**Topic**: kill");
    expect(desk.proxy.count("tools/call")).toBe(1);
  });

  here("three tabs show a task that one of them started, and one of them polls", async () => {
    const desk = await Desk.at(place);
    await desk.open("1", "2", "3");
    desk.command("2", { do: "call", topic: "tabs" });
    for (const tab of ["1", "2", "3"]) await desk.sees("tabs", "result", tab);
    expect(desk.proxy.count("tools/call")).toBe(1);
    const polling = desk.proxy.passed.filter(
      ({ method }) => method === "tasks/get" || method === "tasks/result",
    );
    expect(new Set(polling.map(({ tab }) => tab)).size).toBe(1);
  });
});
