import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { type ServerProcess, startWorker } from "../../test/servers/processes.ts";
import { type Counts, countsOf, METRICS_TOKEN } from "./counts.ts";
import { cpuMsOfWorkerd } from "./cpu-time.ts";

/** The worker in workerd, in front of one upstream server, for as many principals as are wanted. */
export class BenchWorker {
  readonly #worker: ServerProcess;

  private constructor(worker: ServerProcess) {
    this.#worker = worker;
  }

  /** @param upstream What the endpoint `upstream` is. */
  static async start(upstream: string, principals: readonly string[]): Promise<BenchWorker> {
    // wrangler.toml names this folder, and must find it even where the console has not been built.
    mkdirSync("web/dist", { recursive: true });
    const tokens = principals.map((principal) => ({
      principal,
      sha256: createHash("sha256").update(tokenOf(principal)).digest("hex"),
    }));
    const worker = await startWorker({
      vars: {
        ENDPOINTS: JSON.stringify({ upstream: { url: upstream, allowPrivate: true } }),
        TOKENS: JSON.stringify(tokens),
        LIMITS: JSON.stringify({ callsInFlight: 100_000, callsPerMinute: 60_000, readsPerMinute: 600_000 }),
        METRICS_TOKEN,
      },
    });
    return new BenchWorker(worker);
  }

  /** Of wrangler, which started the other processes. */
  get pid(): number {
    return this.#worker.group;
  }

  get url(): string {
    return this.#worker.url;
  }

  /** The CPU that workerd has used for it, in ms. */
  cpuMs(): number {
    return cpuMsOfWorkerd(({ group }) => group === this.#worker.group);
  }

  /** Starts a call, and resolves when it is held. */
  async start(principal: string, tool: string): Promise<void> {
    const reply = await fetch(`${this.url}/v1/endpoints/upstream/calls`, {
      method: "POST",
      headers: { ...bearer(principal), "content-type": "application/json" },
      body: JSON.stringify({ tool, arguments: { doi: "10.1038/s41586-020-2649-2" } }),
    });
    if (reply.status > 202) throw new Error(`The call was answered ${reply.status}: ${await reply.text()}`);
    await reply.arrayBuffer();
  }

  counts(): Promise<Counts> {
    return countsOf(this.url);
  }

  stop(): Promise<void> {
    return this.#worker.kill();
  }
}

export function bearer(principal: string): { readonly authorization: string } {
  return { authorization: `Bearer ${tokenOf(principal)}` };
}

function tokenOf(principal: string): string {
  return `token-of-${principal}`;
}
