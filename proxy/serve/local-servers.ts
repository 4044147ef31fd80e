import { rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalServer } from "../configuration/server-spec.ts";
import type { Log } from "../log.ts";
import { type StateFolder, sha256 } from "./state-folder.ts";
import { StdioBridge } from "./stdio-bridge.ts";

/** The longest path that a socket may have on every system, in bytes. */
const LONGEST_PATH = 100;

/** The local servers behind one socket in the file system, which only the user can open. Each is at its name as a path. */
export class LocalServers {
  readonly path: string;
  readonly #bridges: ReadonlyMap<string, StdioBridge>;
  readonly #http: Server;

  constructor(servers: readonly LocalServer[], state: StateFolder, log: Log) {
    const inState = join(state.path, "servers.sock");
    this.path =
      Buffer.byteLength(inState) <= LONGEST_PATH
        ? inState
        : join(tmpdir(), `holdfast-${sha256(state.path).slice(0, 16)}.sock`);
    this.#bridges = new Map(servers.map((server) => [server.name, new StdioBridge(server, log)]));
    this.#http = createServer((request, response) => {
      const bridge = this.#bridges.get((request.url ?? "").slice(1));
      if (!bridge) response.writeHead(404).end();
      else bridge.handle(request, response).catch(() => response.destroy());
    });
    // workerd closes idle connections after 5 s. Were we to do so at the same time, it would send a request on a closed one.
    this.#http.keepAliveTimeout = 60_000;
  }

  /** Resolves when the socket listens. The servers' processes are starting then. */
  async start(): Promise<void> {
    if (this.#bridges.size === 0) return;
    // Of an earlier process, which ended without closing it: this one owns the state folder now.
    rmSync(this.path, { force: true });
    const mask = process.umask(0o077);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#http.once("error", reject).listen(this.path, resolve);
      });
    } finally {
      process.umask(mask);
    }
    for (const bridge of this.#bridges.values()) bridge.start();
  }

  /** Resolves when all processes have ended. */
  async close(): Promise<void> {
    this.#http.close();
    this.#http.closeAllConnections();
    await Promise.all([...this.#bridges.values()].map((bridge) => bridge.close()));
  }

  kill(): void {
    for (const bridge of this.#bridges.values()) bridge.kill();
  }
}
