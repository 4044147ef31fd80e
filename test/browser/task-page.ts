import type { Locator, Page } from "playwright-core";
import { until } from "./until.ts";

/** The page of web/, as a person uses it. */
export class TaskPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async choose(server: string): Promise<void> {
    await this.#ready();
    await this.page.selectOption("[name=server]", server);
    await this.page.locator(`#call[data-tools-of=${JSON.stringify(server)}]`).waitFor();
  }

  /** Resolves when the call's task is in the list: older ones are there too, those that the worker holds. */
  async call(tool: string, args: object): Promise<void> {
    await this.page.selectOption("[name=tool]", tool);
    await this.page.fill("[name=arguments]", JSON.stringify(args));
    const newest = () =>
      this.page.evaluate(() => document.querySelector<HTMLElement>("#tasks > li")?.dataset.task);
    const before = await newest();
    await this.page.click("button[type=submit]");
    await until(
      "the call's task is shown",
      async () => ((await newest()) === before ? undefined : true),
      30_000,
    );
  }

  /** The newest task. */
  get task(): Locator {
    return this.page.locator("#tasks > li").first();
  }

  get status(): Locator {
    return this.task.locator(".status");
  }

  get result(): Locator {
    return this.task.locator(".result");
  }

  async saying(text: string): Promise<void> {
    await this.task.locator(".message").filter({ hasText: text }).waitFor();
  }

  async stands(status: string): Promise<void> {
    await this.task.locator(`.status[data-status="${status}"]`).waitFor();
  }

  /** The page's own reload: its scripts start anew, its storage stays. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.#ready();
  }

  async #ready(): Promise<void> {
    await this.page.locator("html[data-ready]").waitFor({ state: "attached" });
  }
}
