import { join } from "node:path";
import type { Beside, ServedWorker } from "./served-worker.ts";
import type { Wish } from "./starter.ts";

/** The worker of the bench's own that starts tasks in the worker's objects. */
export const STARTER: Beside = {
  entry: join(import.meta.dirname, "starter.ts"),
  bindings: [
    '(name = "TASK_GROUP", durableObjectNamespace = (className = "TaskGroup", serviceName = "worker"))',
  ],
};

/** Starts so many tasks in the object of a principal. Resolves when their server has answered each call. */
export async function started({ beside }: ServedWorker, wish: Wish): Promise<void> {
  const reply = await fetch(beside, { method: "POST", body: JSON.stringify(wish) });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`The tasks of ${wish.principal} were not started: ${reply.status} ${text}`);
}
