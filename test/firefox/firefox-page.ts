import { until } from "../browser/until.ts";
import type { Bidi } from "./bidi.ts";

/** A tab with a page of the extension. */
export class FirefoxPage {
  readonly #bidi: Bidi;
  readonly #context: string;

  private constructor(bidi: Bidi, context: string) {
    this.#bidi = bidi;
    this.#context = context;
  }

  static at(bidi: Bidi, context: string): FirefoxPage {
    return new FirefoxPage(bidi, context);
  }

  /** @param ready What is there once the page is. */
  static async open(bidi: Bidi, url: string, ready = "html[data-ready]"): Promise<FirefoxPage> {
    const { context } = await bidi.send<{ context: string }>("browsingContext.create", { type: "tab" });
    await bidi.send("browsingContext.navigate", { context, url, wait: "complete" });
    const page = new FirefoxPage(bidi, context);
    await page.sees(ready);
    return page;
  }

  /** Waits for an element with this text in it. */
  async sees(selector: string, text = ""): Promise<void> {
    await until(`${selector} with ${JSON.stringify(text)} is there`, async () =>
      (await this.run(`return ${matching(selector, text)} !== undefined`)) ? true : undefined,
    );
  }

  async fill(selector: string, value: string): Promise<void> {
    await this.sees(selector);
    await this.run(`
      const field = document.querySelector(${JSON.stringify(selector)});
      const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
      set.call(field, ${JSON.stringify(value)});
      field.dispatchEvent(new Event(field.localName === "select" ? "change" : "input", { bubbles: true }));
    `);
  }

  /** With the mouse: Firefox asks for a permission only upon what a person does. */
  click(selector: string, text = ""): Promise<void> {
    return this.#press(selector, text, 0);
  }

  /** Opens the browser's own menu. */
  rightClick(selector: string): Promise<void> {
    return this.#press(selector, "", 2);
  }

  async #press(selector: string, text: string, button: number): Promise<void> {
    await this.sees(selector, text);
    const place = await this.run<string>(`
      const element = ${matching(selector, text)};
      element.scrollIntoView({ block: "center" });
      const { x, y, width, height } = element.getBoundingClientRect();
      return JSON.stringify({ x: Math.round(x + width / 2), y: Math.round(y + height / 2) });
    `);
    const actions = [
      { type: "pointerMove", ...(JSON.parse(place) as { x: number; y: number }) },
      { type: "pointerDown", button },
      { type: "pointerUp", button },
    ];
    await this.#bidi.send("input.performActions", {
      context: this.#context,
      actions: [{ type: "pointer", id: "mouse", actions }],
    });
  }

  count(selector: string, text: string): Promise<number> {
    return this.run(`return ${allMatching(selector, text)}.length`);
  }

  async close(): Promise<void> {
    await this.#bidi.send("browsingContext.close", { context: this.#context });
  }

  /** Runs the body of an async function in the page. */
  run<T>(body: string): Promise<T> {
    return this.#bidi.run(this.#context, body);
  }
}

function allMatching(selector: string, text: string): string {
  return `[...document.querySelectorAll(${JSON.stringify(selector)})].filter((one) => one.textContent.includes(${JSON.stringify(text)}))`;
}

function matching(selector: string, text: string): string {
  return `${allMatching(selector, text)}[0]`;
}
