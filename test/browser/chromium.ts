import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from "playwright-core";
import { until } from "./until.ts";

const CANDIDATES = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

export function findChromium(): string | undefined {
  return CANDIDATES.find((path) => path !== undefined && existsSync(path));
}

/** A folder for a browser profile, which outlives the browsers started on it. */
export async function newProfile(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-profile-"));
  // The last of a killed browser's processes may still be writing there.
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }) };
}

/** A real Chromium process that a test can kill, with Playwright attached to it over DevTools. */
export class Chromium {
  readonly #process: ChildProcess;
  readonly #browser: Browser;

  private constructor(child: ChildProcess, browser: Browser) {
    this.#process = child;
    this.#browser = browser;
  }

  /** @param flags Beside those that every test's browser has. */
  static async start(profile: string, flags: readonly string[] = []): Promise<Chromium> {
    const executable = findChromium();
    if (!executable) throw new Error("No Chromium found: npm test installs one, or set CHROMIUM_PATH");
    const portFile = join(profile, "DevToolsActivePort");
    await rm(portFile, { force: true });
    // A process group of its own: killing it takes the renderers along, as a crash would.
    const child = spawn(executable, [...FLAGS, ...flags, `--user-data-dir=${profile}`, "about:blank"], {
      detached: true,
      stdio: "ignore",
    });
    const port = await until("Chromium opens its DevTools port", async () => {
      if (child.exitCode !== null) throw new Error(`Chromium ended with code ${child.exitCode}`);
      const [line] = existsSync(portFile) ? (await readFile(portFile, "utf8")).split("\n") : [];
      return line === "" ? undefined : line;
    });
    return new Chromium(child, await chromium.connectOverCDP(`http://127.0.0.1:${port}`));
  }

  get context(): BrowserContext {
    const [context] = this.#browser.contexts();
    if (!context) throw new Error("Chromium has no default context");
    return context;
  }

  /** DevTools of the browser as a whole. */
  devtools(): Promise<CDPSession> {
    return this.#browser.newBrowserCDPSession();
  }

  async open(url: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(url);
    return page;
  }

  /** As when a person clears the data of a site. */
  async clearStorage(url: string): Promise<void> {
    const devtools = await this.context.newCDPSession(
      this.context.pages()[0] ?? (await this.context.newPage()),
    );
    await devtools.send("Storage.clearDataForOrigin", { origin: new URL(url).origin, storageTypes: "all" });
    await devtools.detach();
  }

  /** SIGKILL to the browser and all its processes: nothing gets to tidy up. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.pid === undefined) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    process.kill(-this.#process.pid, "SIGKILL");
    await ended;
  }
}
