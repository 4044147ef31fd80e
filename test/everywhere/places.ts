import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { Chromium, findChromium } from "../browser/chromium.ts";
import { freePort } from "../servers/processes.ts";

const run = promisify(execFile);

/** A browser that a test starts with some addresses, one a tab, and kills. */
export interface BrowserPlace {
  readonly name: "Chromium" | "Firefox" | "WebKitGTK";
  /** Why it cannot run here, if it cannot. */
  readonly missing: string | undefined;
  version(): Promise<string>;
  /** How a test makes a new page of an open one: in MiniBrowser the script of a reloaded page did not begin. */
  readonly renews: "reload" | "navigate";
  /** @param profile A folder that outlives the browser. */
  start(profile: string, urls: readonly string[]): Promise<RunningBrowser>;
}

export interface RunningBrowser {
  /** SIGKILL to all its processes. */
  kill(): Promise<void>;
}

const WEBKIT = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

const CHROMIUM_FLAGS: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const FIREFOX_PREFERENCES = {
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "app.update.enabled": false,
  "toolkit.startup.max_resumed_crashes": -1,
  "browser.sessionstore.resume_from_crash": false,
  // A frozen background tab is another test's subject.
  "dom.min_background_timeout_value": 4,
};

export const CHROMIUM: BrowserPlace = {
  name: "Chromium",
  renews: "reload",
  missing: findChromium() ? undefined : "no Chromium (apt-get install chromium)",
  version: async () => (await run(findChromium() ?? "", ["--version"])).stdout.trim(),
  async start(profile, urls) {
    // Headless, it opens only one address of its command line.
    const browser = await Chromium.start(profile);
    for (const url of urls) await browser.open(url);
    return browser;
  },
};

function startChromium(profile: string, args: readonly string[]): Promise<RunningBrowser> {
  return started(findChromium() ?? "", [...CHROMIUM_FLAGS, `--user-data-dir=${profile}`, ...args]);
}

const FIREFOX = process.env.FIREFOX ?? onPath("firefox-esr") ?? onPath("firefox");

const firefox: BrowserPlace = {
  name: "Firefox",
  renews: "reload",
  missing: FIREFOX ? undefined : "no Firefox (apt-get install firefox-esr)",
  version: async () => (await run(FIREFOX ?? "", ["--version"])).stdout.trim(),
  async start(profile, urls) {
    const lines = Object.entries(FIREFOX_PREFERENCES).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
    );
    await writeFile(join(profile, "user.js"), lines.join("\n"));
    return started(FIREFOX ?? "", ["--headless", "--no-remote", "--profile", profile, ...urls]);
  },
};

const webkit: BrowserPlace = {
  name: "WebKitGTK",
  renews: "navigate",
  missing: existsSync(WEBKIT)
    ? onPath("Xvfb") && onPath("xvfb-run")
      ? undefined
      : "no display (apt-get install xvfb)"
    : "no MiniBrowser (apt-get install webkit2gtk-driver)",
  async version() {
    // MiniBrowser needs a display to say it.
    const { stdout } = await run("dpkg-query", ["--show", "webkit2gtk-driver"]);
    return stdout.trim().replace("\t", " ");
  },
  async start(profile, urls) {
    const home = {
      XDG_DATA_HOME: join(profile, "data"),
      XDG_CACHE_HOME: join(profile, "cache"),
      HOME: profile,
    };
    await Promise.all([
      mkdir(home.XDG_DATA_HOME, { recursive: true }),
      mkdir(home.XDG_CACHE_HOME, { recursive: true }),
    ]);
    return started("xvfb-run", ["--auto-servernum", WEBKIT, ...urls], {
      ...home,
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
      WEBKIT_DISABLE_COMPOSITING_MODE: "1",
      NO_AT_BRIDGE: "1",
    });
  },
};

export const BROWSERS: readonly BrowserPlace[] = [CHROMIUM, firefox, webkit];

/** A runtime that runs a script from the command line. */
export interface RuntimePlace {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly missing: string | undefined;
}

/** Node of several versions, Bun and Deno, where RUNTIMES names the folder that `install-runtimes.ts` has put them in. */
const INSTALLED = process.env.RUNTIMES ? resolve(process.env.RUNTIMES) : "";

function runtime(name: string, path: string, args: readonly string[] = []): RuntimePlace {
  const command = join(INSTALLED, "node_modules", path);
  const missing = INSTALLED && existsSync(command) ? undefined : `no ${name} in RUNTIMES`;
  return { name, command, args, missing };
}

export const RUNTIMES: readonly RuntimePlace[] = [
  { name: "Node of the toolchain", command: process.execPath, args: [], missing: undefined },
  runtime("Node 20", "node-20/bin/node"),
  runtime("Node 24", "node-24/bin/node"),
  runtime("Bun", "@oven/bun-linux-x64/bin/bun"),
  runtime("Deno", "@deno/linux-x64-glibc/deno", ["run", "--allow-all", "--no-config"]),
];

/**
 * Starts Chromium with an extension whose service worker runs the script.
 * @param folder Holds the extension and the browser's profile.
 */
export async function startExtensionWorker(folder: string, script: string): Promise<RunningBrowser> {
  const extension = join(folder, "extension");
  await mkdir(extension);
  await writeFile(join(extension, "worker.js"), script);
  const manifest = {
    manifest_version: 3,
    name: "suite",
    version: "1",
    background: { service_worker: "worker.js" },
    host_permissions: ["http://127.0.0.1/*"],
  };
  await writeFile(join(extension, "manifest.json"), JSON.stringify(manifest));
  return startChromium(join(folder, "profile"), [
    `--load-extension=${extension}`,
    `--disable-extensions-except=${extension}`,
    "about:blank",
  ]);
}

const WORKERD = join(import.meta.dirname, "../../node_modules/workerd/bin/workerd");

const configOf = (port: number): string => `
  using Workerd = import "/workerd/workerd.capnp";
  const config :Workerd.Config = (
    services = [
      (name = "main", worker = .suite),
      (name = "internet", network = (allow = ["public", "private"])),
    ],
    sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
  );
  const suite :Workerd.Worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")],
    compatibilityDate = "2026-07-28",
  );
`;

/**
 * Starts workerd with one worker. It may not listen yet.
 * @param folder Holds the worker and its configuration.
 */
export async function startWorkerd(
  folder: string,
  worker: string,
): Promise<RunningBrowser & { readonly url: string }> {
  const port = await freePort();
  await writeFile(join(folder, "worker.js"), worker);
  await writeFile(join(folder, "config.capnp"), configOf(port));
  const { kill } = await started(WORKERD, ["serve", join(folder, "config.capnp")]);
  return { kill, url: `http://127.0.0.1:${port}/` };
}

export async function workerdVersion(): Promise<string> {
  return (await run(WORKERD, ["--version"])).stdout.trim();
}

/** A folder that is removed with what the browser left in it. */
export async function newFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-everywhere-"));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 }) };
}

/** Starts a program in a process group of its own. */
async function started(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningBrowser> {
  const child: ChildProcess = spawn(command, args, {
    // A group of its own: with it end the processes of its pages.
    detached: true,
    stdio: "ignore",
    env: { ...process.env, ...env },
  });
  await new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return {
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      process.kill(-(child.pid ?? 0), "SIGKILL");
      await ended;
    },
  };
}

function onPath(command: string): string | undefined {
  return process.env.PATH?.split(delimiter)
    .map((folder) => join(folder, command))
    .find((path) => existsSync(path));
}
