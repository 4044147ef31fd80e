import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The official reference server of 2025-11-25, as it is published. */
export interface EverythingServer {
  readonly url: URL;
  stop(): Promise<void>;
}

const ENTRY = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url),
);

export async function startEverythingServer(): Promise<EverythingServer> {
  const child = fork(ENTRY, ["streamableHttp"], {
    execArgv: ["--import", new URL("listen-on-loopback.mjs", import.meta.url).href],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const exited = once(child, "exit");
  const early = exited.then(([code]) => {
    throw new Error(`server-everything ended with ${code} before it listened`);
  });
  const [port] = await Promise.race([once(child, "message"), early]);
  early.catch(() => undefined);
  return {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
