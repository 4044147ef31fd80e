import { pushing } from "../runtime/push.ts";
import type { Host } from "./host.ts";
import { plainHost } from "./plain-host.ts";

/**
 * A process that goes on, and shares its store with no other: a command, a server, a script.
 * @example
 * const tasks = new TaskClient({ store, endpoints, host: timerHost() });
 */
export function timerHost(): Host {
  return { ...plainHost(), push: pushing };
}
