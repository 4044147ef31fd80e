import type { TestProject } from "vitest/node";
import { startEverything, startWorker } from "../servers/processes.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The worker, with the page and the sample servers, in workerd. */
    workerUrl: string;
    /** The official server-everything. */
    everythingUrl: string;
  }
}

/** Vitest's global set-up: starts the real servers once, on free ports, and ends them by pid. */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const servers = await Promise.all([startWorker({ vars: { DEMO: "true" } }), startEverything()]);
  const [worker, everything] = servers;
  project.provide("workerUrl", worker.url);
  project.provide("everythingUrl", everything.url);
  return async () => {
    await Promise.all(servers.map((server) => server.kill()));
  };
}
