import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../browser/until.ts";
import { type TestBuild, testBuild } from "../extension/test-build.ts";
import { freePort } from "../servers/processes.ts";
import { Bidi } from "./bidi.ts";
import { FirefoxPage } from "./firefox-page.ts";

const ID = "extension@holdfast.example";
/** Firefox makes up another for each profile, unless a preference sets it. */
const UUID = "6d4c1f6e-7a0b-4a55-9d3e-0c3f0a9b8c11";
const PREFERENCES = {
  "extensions.webextensions.uuids": JSON.stringify({ [ID]: UUID }),
  "browser.aboutwelcome.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "app.update.enabled": false,
};

/** A Firefox with the extension loaded into it. FIREFOX names the program, if it is not on the path. */
export class LoadedInFirefox {
  readonly #firefox: ChildProcess;
  readonly #profile: string;
  readonly #build: TestBuild;
  readonly #bidi: Bidi;

  private constructor(firefox: ChildProcess, profile: string, build: TestBuild, bidi: Bidi) {
    this.#firefox = firefox;
    this.#profile = profile;
    this.#build = build;
    this.#bidi = bidi;
  }

  static async load(): Promise<LoadedInFirefox> {
    const [build, profile, port] = await Promise.all([
      testBuild(),
      mkdtemp(join(tmpdir(), "holdfast-firefox-")),
      freePort(),
    ]);
    const lines = Object.entries(PREFERENCES).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
    );
    await writeFile(join(profile, "user.js"), lines.join("\n"));
    const firefox = spawn(
      process.env.FIREFOX ?? "firefox-esr",
      [
        ...["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", `${port}`],
        // To stop the event page, as the browser does.
        "--remote-allow-system-access",
      ],
      { detached: true, stdio: "ignore" },
    );
    const missing = new Promise<never>((_, reject) => firefox.once("error", reject));
    const bidi = await Promise.race([Bidi.connect(port), missing]);
    await bidi.send("webExtension.install", { extensionData: { type: "path", path: build.path } });
    const loaded = new LoadedInFirefox(firefox, profile, build, bidi);
    await loaded.#giveDesktop();
    return loaded;
  }

  page(name: "popup" | "panel" | "options"): Promise<FirefoxPage> {
    return FirefoxPage.open(this.#bidi, `moz-extension://${UUID}/${name}.html`);
  }

  /** Ends the event page, as Firefox does with an idle one. Gives what it is then: `stopped`. */
  stopBackground(): Promise<string> {
    return this.#inBrowser(`
      await extension.terminateBackground({ disableResetIdleForTest: true });
      return extension.backgroundState;
    `);
  }

  /** A page of the web, in a tab. */
  open(url: string): Promise<FirefoxPage> {
    return FirefoxPage.open(this.#bidi, url, "body");
  }

  /** The tab with this page of the extension, once somebody has opened it. */
  async opened(name: string): Promise<FirefoxPage> {
    const context = await until(`${name} is open`, async () => {
      const { contexts } = await this.#bidi.send<{ contexts: { context: string; url: string }[] }>(
        "browsingContext.getTree",
        {},
      );
      return contexts.find(({ url }) => url.startsWith(`moz-extension://${UUID}/${name}`))?.context;
    });
    return FirefoxPage.at(this.#bidi, context);
  }

  /** The titles of the notices on the desktop. */
  async notices(): Promise<readonly string[]> {
    const titles = await this.#inBrowser<string>(
      "return JSON.stringify([...window.desktop.values()].map(({ title }) => title))",
    );
    return JSON.parse(titles) as string[];
  }

  clickNotice(title: string): Promise<void> {
    return this.#inBrowser(`
      const { observer, cookie } = [...window.desktop.values()].find(({ title }) => title === ${JSON.stringify(title)});
      observer.observe(null, "alertclickcallback", cookie);
    `);
  }

  /** A headless Firefox has no desktop, and takes every notice away at once: it is given one that keeps them. */
  #giveDesktop(): Promise<void> {
    return this.#inBrowser(`
      const desktop = new Map();
      window.desktop = desktop;
      const service = {
        QueryInterface: ChromeUtils.generateQI(["nsIAlertsService"]),
        showAlert(alert, observer) {
          desktop.set(alert.name, { title: alert.title, cookie: alert.cookie, observer });
        },
        closeAlert(name) {
          const { observer, cookie } = desktop.get(name) ?? {};
          desktop.delete(name);
          observer?.observe(null, "alertfinished", cookie);
        },
      };
      Components.manager
        .QueryInterface(Ci.nsIComponentRegistrar)
        .registerFactory(Services.uuid.generateUUID(), "desktop", "@mozilla.org/alerts-service;1", {
          createInstance: (iid) => service.QueryInterface(iid),
        });
    `);
  }

  /** Right-clicks on a page, and chooses an entry of the menu that Firefox opens. */
  async chooseFromMenu(page: FirefoxPage, label: string): Promise<void> {
    await page.rightClick("body");
    await until(`the menu has ${label}`, () =>
      this.#inBrowser<true | undefined>(`
        const menu = document.getElementById("contentAreaContextMenu");
        const item = menu.state === "open" && [...menu.querySelectorAll("menuitem")].find(({ label }) => label === ${JSON.stringify(label)});
        if (!item) return undefined;
        menu.activateItem(item);
        return true;
      `),
    );
  }

  async remove(): Promise<void> {
    this.#bidi.close();
    const ended = new Promise((resolve) => this.#firefox.once("exit", resolve));
    process.kill(-(this.#firefox.pid ?? 0), "SIGKILL");
    await ended;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    await this.#build.remove();
  }

  async #inBrowser<T>(body: string): Promise<T> {
    const { contexts } = await this.#bidi.send<{ contexts: { context: string }[] }>(
      "browsingContext.getTree",
      {
        "moz:scope": "chrome",
      },
    );
    const extension = `const { extension } = WebExtensionPolicy.getByID(${JSON.stringify(ID)});`;
    return this.#bidi.run(contexts[0]?.context ?? "", `${extension} ${body}`);
  }
}
