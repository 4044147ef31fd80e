// biome-ignore-all assist/source/organizeImports: bundlers keep this order. The protocols first, and like beside like: 1 % less to gzip.
import { everything } from "./everything.ts";
import { explainedHere } from "../channel/network-cause.ts";
import { HostedClient } from "./hosted-client.ts";
import type { HostedClientOptions } from "./options.ts";
import { browserHost } from "../hosts/browser-host.ts";
import type { Host } from "../hosts/host.ts";

export interface TaskClientOptions extends HostedClientOptions {
  /** What the place provides: `browserHost()` by default. Elsewhere `timerHost()`, which knows of no other tabs. */
  readonly host?: Host;
}

/** Starts tool calls that may be tasks, holds them in storage, and sees them to their end. */
export class TaskClient extends HostedClient {
  /** Throws a TypeError if `store` is not a TaskStore, an endpoint not a connector, or a time not a number of ms. */
  constructor(options: TaskClientOptions) {
    super(options, { ...everything, explain: explainedHere, ...(options?.host ?? browserHost()) });
  }
}
