import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { until } from "../browser/until.ts";
import { debianCommand } from "./debian-command.ts";

export const REDIS: string | undefined = debianCommand("/usr/bin/redis-server", "redis-server");

/** A Redis of this test's own, on a free port of the loopback. */
export async function startRedis(command: string) {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-redis-"));
  const port = await freePort();
  const args = [
    "--port",
    `${port}`,
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--appendonly",
    "yes",
    "--save",
    "",
  ];
  const server = spawn(command, args, { stdio: "ignore" });
  const url = `redis://127.0.0.1:${port}`;
  const client = createClient({ url });
  // Until the server listens.
  client.on("error", () => undefined);
  await client.connect();
  await until("Redis answers", () => client.ping());
  return {
    client,
    place: { kind: "redis", url } as const,
    async stop(): Promise<void> {
      client.destroy();
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
