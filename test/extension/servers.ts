import type { TestProject } from "vitest/node";
import { startWorker } from "../servers/processes.ts";

/** Vitest's global set-up: the worker with the sample servers, once, on a free port. */
export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const worker = await startWorker({ vars: { DEMO: "true" } });
  project.provide("workerUrl", worker.url);
  return () => worker.kill();
}
