import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { until } from "../browser/until.ts";
import type { Order, ProcessSetting, Report } from "./leased-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** How long a process may take to start on a busy machine, in ms. */
export const READY_MS = 120_000;

/** Bundles the process, so that it starts in a tenth of the time. Resolves with its file, beside which it finds its packages. */
async function bundled(): Promise<string> {
  const outfile = join(ROOT, `results/stores/leased-process-${process.pid}.mjs`);
  const entryPoints = [fileURLToPath(new URL("leased-process.ts", import.meta.url))];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", packages: "external" });
  return outfile;
}

/** One process of a fleet. */
export class LeasedProcess {
  readonly name: string;
  readonly reports: Report[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #alive = true;

  constructor(file: string, setting: ProcessSetting, reported: (report: Report) => void) {
    this.name = setting.name;
    this.#child = fork(file, [JSON.stringify(setting)], { execArgv: ["--no-warnings"] });
    this.#exited = once(this.#child, "exit").then(() => {
      this.#alive = false;
    });
    this.#child.on("message", (report: Report) => {
      this.reports.push(report);
      reported(report);
    });
  }

  get isReady(): boolean {
    return this.#alive && this.reports.some(({ type }) => type === "ready");
  }

  ready(): Promise<true> {
    return until(`${this.name} is ready`, () => this.isReady || undefined, READY_MS) as Promise<true>;
  }

  order(order: Order): void {
    // One that is dying takes no orders.
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  /** Resolves with what it says of an order. */
  async reply<Type extends Report["type"]>(
    order: Order,
    type: Type,
  ): Promise<Extract<Report, { readonly type: Type }>> {
    const from = this.reports.length;
    this.order(order);
    return until(
      `${this.name} says ${type}`,
      () =>
        this.reports
          .slice(from)
          .find((report): report is Extract<Report, { readonly type: Type }> => report.type === type),
      60_000,
    );
  }

  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  continue(): void {
    this.#child.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async close(): Promise<void> {
    this.order({ type: "close" });
    await this.#exited;
  }
}

/** Processes that share a store, of which each that was killed is replaced. */
export class LeasedFleet {
  readonly #setting: Omit<ProcessSetting, "name">;
  readonly #reported: (report: Report) => void;
  readonly #slots: LeasedProcess[] = [];
  #file = "";
  #born = 0;

  constructor(setting: Omit<ProcessSetting, "name">, reported: (report: Report) => void = () => undefined) {
    this.#setting = setting;
    this.#reported = reported;
  }

  async start(count: number): Promise<readonly LeasedProcess[]> {
    this.#file = await bundled();
    for (let slot = 0; slot < count; slot++) this.#slots[slot] = this.#spawn();
    await Promise.all(this.#slots.map((process) => process.ready()));
    return this.#slots;
  }

  /** Those that can take orders. */
  get ready(): readonly LeasedProcess[] {
    return this.#slots.filter((process) => process.isReady);
  }

  /** Kills a process, and starts another one in its place. */
  async replace(process: LeasedProcess): Promise<void> {
    const slot = this.#slots.indexOf(process);
    await process.kill();
    this.#slots[slot] = this.#spawn();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#slots.map((process) => process.kill()));
  }

  #spawn(): LeasedProcess {
    return new LeasedProcess(this.#file, { ...this.#setting, name: `p${++this.#born}` }, this.#reported);
  }
}
