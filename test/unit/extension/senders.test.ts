import { describe, expect, it } from "vitest";
import type { MessageSender } from "../../../src/extension/browser.ts";
import { ExtensionError } from "../../../src/extension/page.ts";
import { isOwnPage } from "../../../src/extension/sender.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import { extensionLab, type LabOptions } from "./extension-lab.ts";
import { EXTENSION_ID, ROOT } from "./fake-extension.ts";

const ORIGIN = ROOT.slice(0, -1);
const tab = { id: 7 };

const OWN: readonly (readonly [string, MessageSender])[] = [
  ["the popup", { id: EXTENSION_ID, url: `${ROOT}popup.html`, origin: ORIGIN }],
  ["the options page in a tab", { id: EXTENSION_ID, url: `${ROOT}options.html#x`, origin: ORIGIN, tab }],
  ["a page of a browser that names no origin", { id: EXTENSION_ID, url: `${ROOT}popup.html` }],
];

const OTHERS: readonly (readonly [string, MessageSender])[] = [
  [
    "a content script",
    { id: EXTENSION_ID, url: "https://evil.example/", origin: "https://evil.example", tab, frameId: 0 },
  ],
  ["a content script without an origin", { id: EXTENSION_ID, url: "https://evil.example/", tab }],
  ["a content script of about:blank", { id: EXTENSION_ID, url: "about:blank", origin: ORIGIN, tab }],
  ["a sandboxed page", { id: EXTENSION_ID, url: `${ROOT}sandbox.html`, origin: "null", tab }],
  ["a page whose address begins alike", { id: EXTENSION_ID, url: `${ORIGIN}.evil.example/`, tab }],
  ["another extension", { id: "other", url: "chrome-extension://other/x.html" }],
  ["another extension with our address", { id: "other", url: `${ROOT}popup.html` }],
  ["a web page", { url: "https://evil.example/", origin: "https://evil.example", tab }],
  ["nobody", {}],
];

describe("who may speak", () => {
  const runtime = {
    id: EXTENSION_ID,
    getURL: (path: string) => `${ROOT}${path}`,
    connect: () => undefined as never,
  };

  it.each(OWN)("%s of the extension, by itself", async (_who, sender) => {
    expect(isOwnPage(sender, runtime)).toBe(true);
    const lab = extensionLab();
    expect(await lab.page({ browser: lab.extension.page(sender) }).client.endpoints()).toEqual(["papers"]);
  });

  it("nobody is one's own where the browser does not say who one is", () => {
    const nameless = { connect: runtime.connect };
    for (const [, sender] of [...OWN, ...OTHERS]) expect(isOwnPage(sender, nameless)).toBe(false);
  });

  describe.each([false, true])("from outside: %s", (external) => {
    const open = (options: LabOptions["options"], sender: MessageSender) => {
      const lab = extensionLab({ ...(options && { options }) });
      return { lab, page: lab.page({ browser: lab.extension.page(sender, external) }) };
    };

    it.each(OTHERS)("%s is refused", async (_who, sender) => {
      const { lab, page } = open({}, sender);
      const refusal = { constructor: ExtensionError, code: "refused" };
      await expect(page.client.callTool("papers", "report")).rejects.toMatchObject(refusal);
      await expect(page.client.list()).rejects.toMatchObject(refusal);
      await settled();
      expect(lab.server.received).toEqual([]);
      expect(page.problems.map(({ error }) => error.code)).toEqual(["refused", "refused"]);
    });

    it.each(OTHERS)("%s is let in by `allow`", async (_who, sender) => {
      const asked: MessageSender[] = [];
      const allow = (who: MessageSender): boolean => asked.push(who) > 0;
      const { lab, page } = open({ allow }, sender);
      const task = await page.client.callTool("papers", "report");
      await lab.extension.advance(16_000);
      expect(task.view.status).toBe("completed");
      expect(asked[0]).toEqual(sender);
    });
  });

  it("an `allow` that throws lets nobody in, and the worker goes on", async () => {
    const allow = (): boolean => {
      throw new Error("What?");
    };
    const lab = extensionLab({ options: { allow } });
    const stranger = lab.page({ browser: lab.extension.page({ url: "https://evil.example/" }, true) });
    await expect(stranger.client.endpoints()).rejects.toMatchObject({ code: "refused" });
    expect(await lab.page().client.endpoints()).toEqual(["papers"]);
    expect(lab.problems).toMatchObject([{ kind: "wake", error: new Error("What?") }]);
  });

  it("a page's claim from outside to be one of the extension's own is not believed", async () => {
    const sender = { id: EXTENSION_ID, url: `${ROOT}popup.html`, origin: ORIGIN };
    const lab = extensionLab();
    const page = lab.page({ browser: lab.extension.page(sender, true) });
    await expect(page.client.endpoints()).rejects.toMatchObject({ code: "refused" });
  });
});
