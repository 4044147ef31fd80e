import { join } from "node:path";
import { sha256 } from "../../proxy/serve/state-folder.ts";
import { ServedWorker } from "./served-worker.ts";

const TOKEN = "token-of-the-bench";

/** The worker, and the bare proxy in front of the same server. */
export class SideBySide {
  readonly gateway: string;
  readonly bareProxy: string;
  readonly headers: Readonly<Record<string, string>> = { authorization: `Bearer ${TOKEN}` };
  readonly #served: ServedWorker;

  private constructor(served: ServedWorker) {
    this.#served = served;
    this.gateway = `${served.origin}/mcp/upstream`;
    this.bareProxy = `${served.beside}/mcp`;
  }

  /** @param upstream The server behind both. */
  static async start(upstream: string): Promise<SideBySide> {
    return new SideBySide(
      await ServedWorker.start({
        vars: {
          ENDPOINTS: { upstream: { url: upstream, allowPrivate: true } },
          // A call of 20 s is held until its result is there.
          GATEWAY: { budgetMs: 45_000 },
          TOKENS: [{ principal: "caller", sha256: sha256(TOKEN) }],
          LIMITS: { callsInFlight: 100_000, callsPerMinute: 60_000, readsPerMinute: 60_000 },
        },
        beside: {
          entry: join(import.meta.dirname, "pass-through.ts"),
          bindings: [`(name = "UPSTREAM", text = ${JSON.stringify(upstream)})`],
        },
      }),
    );
  }

  /** The CPU that workerd has used so far, in ms. */
  cpuMs(): number {
    return this.#served.cpuMs();
  }

  stop(): Promise<void> {
    return this.#served.stop();
  }
}
