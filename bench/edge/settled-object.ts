import { until } from "../../test/browser/until.ts";
import { type Listening, listen } from "../../test/edge/gateway/node-http.ts";
import { machineClock } from "../servers/clock.ts";
import { PlainServer } from "../servers/plain-server.ts";
import { countsOf, METRICS_TOKEN } from "./counts.ts";
import { heapOf } from "./inspected-heap.ts";
import { ServedWorker } from "./served-worker.ts";
import { STARTER, started } from "./started-tasks.ts";

const PATIENCE_MS = 120_000;

/** What an object's isolate takes for tasks that have settled, in MB. */
export interface SettledMemory {
  /** More held in the heap than before its tasks, all garbage collected. */
  readonly heapMb: number;
  /** The most of the process so far, by the kernel. */
  readonly peakMb: number;
}

/** Objects whose tasks end with large results. */
export class SettledObjects {
  readonly #upstream: Listening;
  readonly #served: ServedWorker;
  #objects = 0;
  #settled = 0;

  private constructor(upstream: Listening, served: ServedWorker) {
    this.#upstream = upstream;
    this.#served = served;
  }

  /** @param resultLength Of the text of each result, in characters. */
  static async start(resultLength: number): Promise<SettledObjects> {
    const plan = {
      generation: "2026-07-28",
      manner: "polling",
      taskMs: 0,
      pollMs: 100,
      resultLength,
    } as const;
    const server = new PlainServer(plan, machineClock);
    const upstream = await listen((request) => server.fetch(request));
    const served = await ServedWorker.start({
      vars: { ENDPOINTS: { upstream: { url: upstream.url, allowPrivate: true } }, METRICS_TOKEN },
      beside: STARTER,
      inspects: true,
    });
    const objects = new SettledObjects(upstream, served);
    // The first task of a worker pays for compiling, and for what the process keeps from then on.
    await objects.settle(1);
    return objects;
  }

  /** Has so many tasks settle in one object, and measures while it is awake. */
  async settle(tasks: number): Promise<SettledMemory> {
    const before = await this.#heap();
    await started(this.#served, { principal: `principal-${this.#objects++}`, tasks });
    this.#settled += tasks;
    const haveSettled = async (): Promise<true | undefined> => {
      const { tasks_settled: settled = 0 } = await countsOf(this.#served.origin);
      return settled >= this.#settled || undefined;
    };
    await until("all have settled", haveSettled, PATIENCE_MS);
    return {
      heapMb: ((await this.#heap()) - before) / 2 ** 20,
      peakMb: this.#served.memoryMb("VmHWM"),
    };
  }

  async stop(): Promise<void> {
    await this.#served.stop();
    await this.#upstream.close();
  }

  #heap(): Promise<number> {
    return heapOf(this.#served.inspector ?? "", "worker", this.#served.origin);
  }
}
