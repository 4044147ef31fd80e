import type { Locator, Page } from "playwright-core";
import { STAGES } from "./random-moment.ts";

/** What the tools of the tests say one after the other while they run: `acquire_paper`, and the research of server-everything. */
const COURSES: readonly (readonly string[])[] = [
  STAGES,
  ["Gathering sources", "Analyzing content", "Synthesizing findings", "Generating report"],
];

/** The console of web/, as a person uses it. */
export class TaskPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async choose(server: string): Promise<void> {
    await this.ready();
    await this.#lookAt();
    await this.page.getByRole("link", { name: "Call", exact: true }).click();
    await this.page.selectOption("[name=server]", server);
    await this.page.locator(`#call[data-tools-of=${JSON.stringify(server)}]`).waitFor();
  }

  async chooseTool(tool: string): Promise<void> {
    await this.page.locator(`.tool[href$="/${encodeURIComponent(tool)}"]`).click();
    await this.page.locator(".call-form").filter({ hasText: tool }).waitFor();
  }

  /** Calls with arguments given as JSON. */
  async call(tool: string, args: object): Promise<void> {
    await this.chooseTool(tool);
    await this.page.locator(".call-form").getByText("JSON", { exact: true }).click();
    await this.page.fill("[name=arguments]", JSON.stringify(args));
    await this.page.getByRole("button", { name: "Call", exact: true }).click();
  }

  /** Adds a server by its address, with a header for it if there is one. The page comes again with it. */
  async addServer(url: string, header?: { readonly name: string; readonly value: string }): Promise<void> {
    await this.ready();
    await this.page.getByRole("link", { name: "Servers" }).click();
    await this.page.fill("[name=address]", url);
    if (header) {
      await this.page.getByLabel("Authorization").selectOption("header");
      await this.page.getByLabel("Header", { exact: true }).fill(header.name);
      await this.page.getByLabel("Value", { exact: true }).fill(header.value);
    }
    await Promise.all([this.page.waitForEvent("load"), this.page.click("button[name=connect]")]);
    await this.ready();
  }

  /** The newest task's row in the table. */
  get row(): Locator {
    return this.page.locator('.task-row[data-index="0"]');
  }

  /** The task that is open. */
  get task(): Locator {
    return this.page.locator("#task");
  }

  get status(): Locator {
    return this.row.locator(".status");
  }

  get result(): Locator {
    return this.task.locator(".result");
  }

  get question(): Locator {
    return this.task.locator(".question");
  }

  async showTasks(): Promise<void> {
    await this.page.getByRole("link", { name: /^Tasks/ }).click();
  }

  /** Goes to the tasks, and opens the newest. */
  async open(): Promise<Locator> {
    await this.#lookAt();
    await this.showTasks();
    await this.row.click();
    const id = await this.row.getAttribute("data-task");
    await this.page.locator(`#task[data-task="${id}"]`).waitFor();
    return this.task;
  }

  /** What the newest task gave, as it is read on the page. */
  async resultText(): Promise<string> {
    await this.open();
    await this.result.locator(".quiet", { hasText: "Fetching" }).waitFor({ state: "detached" });
    return (await this.result.textContent()) ?? "";
  }

  /** Opens a choice among the fields of the open question, and takes one. */
  async pick(label: string | RegExp, option: string | RegExp): Promise<void> {
    await this.#lookAt();
    await this.question.getByRole("combobox", { name: label }).click();
    await this.question.getByRole("option", { name: option }).click();
  }

  async answer(): Promise<void> {
    await this.question.getByRole("button", { name: "Answer" }).click();
  }

  /** Waits until the task says this, or is further on: a page on a busy machine may never show a short stage. */
  async saying(text: string): Promise<void> {
    const course = COURSES.find((stages) => stages.includes(text));
    const texts = course?.slice(course.indexOf(text)) ?? [text];
    await this.row
      .locator(".message")
      .filter({ hasText: new RegExp(texts.join("|")) })
      .waitFor();
  }

  async stands(status: string): Promise<void> {
    await this.row.locator(`.status[data-status="${status}"]`).waitFor();
  }

  /** The page's own reload: its scripts start anew, its storage stays. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** A page behind others is drawn once a second, and each click on it would wait for that. */
  async #lookAt(): Promise<void> {
    await this.page.bringToFront();
  }

  /** Until the page has its tasks. */
  async ready(): Promise<void> {
    await this.page.locator("html[data-ready]").waitFor({ state: "attached" });
  }
}
