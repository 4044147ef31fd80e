import { setFlagsFromString } from "node:v8";
import type { ProxyOptions } from "../command-line/command.ts";
import type { Configuration } from "../configuration/server-spec.ts";
import { LineTransport } from "../line-transport.ts";
import { logTo } from "../log.ts";
import { dataFolder } from "../store/data-folder.ts";
import { StoreFolder } from "../store/store-folder.ts";
import { Upstream } from "../upstream/upstream.ts";
import { ProxyServer } from "./proxy-server.ts";

/** After so long in ms the process ends, whatever is still open: the agent kills it soon after. */
const END_MS = 4_000;

/** Serves a configuration to the agent on the standard streams, until the agent closes them or a signal ends the process. */
export async function proxy(configuration: Configuration, options: ProxyOptions): Promise<void> {
  // A process that waits gains nothing from optimized code, and the optimizing compiler takes 9 MB of memory.
  setFlagsFromString("--no-opt");
  const log = logTo((text) => process.stderr.write(text), options.verbose);
  const folder = dataFolder();
  let server: ProxyServer | undefined;
  const upstreams = configuration.servers.map(
    (spec) =>
      new Upstream(spec, folder, log, {
        inbound: (message, link, upstream) => server?.inbound(message, link, upstream),
        connected: (link, again, upstream) => server?.connected(link, again, upstream),
      }),
  );
  for (const upstream of upstreams) upstream.prepare();
  process.once("exit", () => {
    for (const upstream of upstreams) upstream.kill();
  });
  const transport = new LineTransport(process.stdin, process.stdout);
  transport.onerror = (error) => log.info(`From the agent: ${error.message}`);
  server = new ProxyServer({
    transport,
    upstreams,
    folder: StoreFolder.of(folder, configuration),
    budgetMs: options.budgetMs,
    log,
  });
  const { agent } = server;
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
  });
  await agent.start();
  await Promise.race([agent.ended, signalled]);
  setTimeout(() => process.exit(1), END_MS).unref();
  // First the servers, so that what becomes of their calls is still recorded.
  await Promise.all(upstreams.map((upstream) => upstream.close()));
  await server.close();
}
