import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The HTTP APIs of Firecrawl and Replicate, as far as the pairs of their MCP servers use them. Jobs end when the test says so. */
export class JobApi {
  /** Whether jobs have ended. */
  done = false;
  /** What was started, by path. */
  readonly started: string[] = [];
  readonly cancelled: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, reply) => {
      const body = this.#answer(`${request.method} ${request.url}`);
      request.resume().on("end", () => {
        reply.writeHead(body ? 200 : 404, { "content-type": "application/json" });
        reply.end(JSON.stringify(body ?? { error: "Not found" }));
      });
    });
  }

  static async start(): Promise<JobApi> {
    const api = new JobApi();
    await new Promise<void>((resolve) => api.#server.listen(0, "127.0.0.1", resolve));
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: string): object | undefined {
    const [, id = ""] = /\/(?:agent|predictions)\/([\w-]+)/.exec(request) ?? [];
    if (/^POST .*\/predictions\/.*\/cancel/.test(request)) {
      this.cancelled.push(id);
      return { id, status: "canceled" };
    }
    if (/^POST .*\/agent/.test(request)) return { success: true, id: this.#start("agent") };
    if (/^POST .*\/predictions/.test(request)) return { id: this.#start("prediction"), status: "starting" };
    if (/^GET .*\/agent\//.test(request))
      return {
        success: true,
        status: this.done ? "completed" : "processing",
        data: { answer: `kelp holds fast (${id})` },
        expiresAt: "2036-12-01T00:00:00Z",
      };
    if (/^GET .*\/predictions\//.test(request)) {
      const isCancelled = this.cancelled.includes(id);
      const status = isCancelled ? "canceled" : this.done ? "succeeded" : "processing";
      return { id, status, output: status === "succeeded" ? [`${id}.png`] : null };
    }
    return undefined;
  }

  #start(kind: string): string {
    this.started.push(kind);
    return `${kind}-${this.started.length}`;
  }
}
