import type { CDPSession } from "playwright-core";
import { until } from "../browser/until.ts";

interface Reply {
  readonly id?: number;
  readonly error?: { readonly message: string };
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
  };
}

/**
 * The popup as the browser opens it below the extension's button, or the side panel. Playwright knows only tabs, so
 * they are driven by what their own scripts could do: they read, click and type.
 */
export class ChromeSurface {
  readonly #devtools: CDPSession;
  readonly #target: string;
  readonly #session: string;
  #requests = 0;

  private constructor(devtools: CDPSession, target: string, session: string) {
    this.#devtools = devtools;
    this.#target = target;
    this.#session = session;
  }

  /** Presses the extension's button while the tab is in front. */
  static async popup(devtools: CDPSession, extension: string, tabUrl: string): Promise<ChromeSurface> {
    const { targetInfos: tabs } = await devtools.send("Target.getTargets", { filter: [{ type: "tab" }] });
    const tab = tabs.find(({ url }) => url === tabUrl);
    if (!tab) throw new Error(`There is no tab at ${tabUrl}`);
    const address = `chrome-extension://${extension}/popup.html`;
    const before = new Set((await targetsAt(devtools, address)).map(({ targetId }) => targetId));
    await devtools.send("Extensions.triggerAction", { id: extension, targetId: tab.targetId });
    const { targetId } = await until("the popup is there", async () =>
      (await targetsAt(devtools, address)).find((target) => !before.has(target.targetId)),
    );
    return ChromeSurface.#attach(devtools, targetId);
  }

  /** The side panel, once it is open. */
  static async panel(devtools: CDPSession, extension: string): Promise<ChromeSurface> {
    const { targetId } = await until("the side panel is there", async () =>
      (await targetsAt(devtools, `chrome-extension://${extension}/panel.html`)).at(0),
    );
    return ChromeSurface.#attach(devtools, targetId);
  }

  static async #attach(devtools: CDPSession, targetId: string): Promise<ChromeSurface> {
    const { sessionId } = await devtools.send("Target.attachToTarget", { targetId, flatten: false });
    return new ChromeSurface(devtools, targetId, sessionId);
  }

  /** What a script in it gives, which is JSON. */
  async run<T>(script: string): Promise<T> {
    const id = ++this.#requests;
    const reply = new Promise<Reply>((resolve) => {
      const receive = ({ sessionId, message }: { sessionId: string; message: string }): void => {
        const frame = JSON.parse(message) as Reply;
        if (sessionId !== this.#session || frame.id !== id) return;
        this.#devtools.off("Target.receivedMessageFromTarget", receive);
        resolve(frame);
      };
      this.#devtools.on("Target.receivedMessageFromTarget", receive);
    });
    const params = { expression: script, awaitPromise: true, returnByValue: true, userGesture: true };
    await this.#devtools.send("Target.sendMessageToTarget", {
      sessionId: this.#session,
      message: JSON.stringify({ id, method: "Runtime.evaluate", params }),
    });
    const { result, error } = await reply;
    const thrown = result?.exceptionDetails?.exception?.description ?? error?.message;
    if (thrown !== undefined) throw new Error(thrown);
    return result?.result?.value as T;
  }

  /** Until an element is there whose text has this in it. */
  async sees(selector: string, text = ""): Promise<void> {
    await until(`it shows ${selector} ${text}`, async () =>
      (await this.run<boolean>(`${find(selector, text)} !== undefined`)) ? true : undefined,
    );
  }

  async click(selector: string, text = ""): Promise<void> {
    await this.sees(selector, text);
    await this.run(`${find(selector, text)}.click()`);
  }

  /** Fills in a field as typing does, so that React receives the input event. */
  async fill(selector: string, value: string): Promise<void> {
    await this.sees(selector);
    await this.run(`{
      const field = ${find(selector, "")};
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, ${JSON.stringify(value)});
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }`);
  }

  /** As when a person clicks elsewhere; it may have been closed by that already. */
  async close(): Promise<void> {
    await this.#devtools.send("Target.closeTarget", { targetId: this.#target }).catch(() => undefined);
    await until("it is gone", async () => {
      const { targetInfos } = await this.#devtools.send("Target.getTargets");
      return targetInfos.some(({ targetId }) => targetId === this.#target) ? undefined : true;
    });
  }
}

async function targetsAt(devtools: CDPSession, address: string) {
  const { targetInfos } = await devtools.send("Target.getTargets");
  return targetInfos.filter(({ url }) => url.startsWith(address));
}

function find(selector: string, text: string): string {
  return `[...document.querySelectorAll(${JSON.stringify(selector)})].find((it) => it.textContent.includes(${JSON.stringify(text)}))`;
}
