import { revision2025 } from "./revision-2025-11-25.ts";
import { revision2026 } from "./revision-2026-07-28.ts";
import type { TaskProtocol, TaskTraits } from "./task-protocol.ts";

/** The protocols by the names that records and sessions hold. A further one is a file in this folder, and a line here. */
const SHIPPED = {
  "2025-11-25": revision2025 as TaskProtocol,
  "2026-07-28": revision2026 as TaskProtocol,
};

/** The protocols by name. Declare the name of a registered protocol here (declaration merging). */
export interface Protocols extends Readonly<typeof SHIPPED> {
  /** Pairs of tools, over a server of either generation. `holdfast/pairs` registers it. */
  readonly pairs: TaskProtocol;
}

/** The name of a protocol, as records, sessions and views hold it. */
export type Generation = keyof Protocols;

/** A protocol that a server itself speaks, so that a handshake can agree on it. */
export type ServerGeneration = Exclude<Generation, "pairs">;

const PROTOCOLS = SHIPPED as { [name in Generation]: TaskProtocol };

/**
 * Adds a protocol that the library does not ship: before a client is made, in every process that reads its records. A record
 * of a protocol that is not registered is reported as unreadable, and left as it is.
 */
export function registerProtocol(name: Generation, protocol: TaskProtocol): void {
  PROTOCOLS[name] = protocol;
}

/** Whether a name, as it was stored, is that of a protocol. */
export function isGeneration(name: unknown): name is Generation {
  return typeof name === "string" && Object.hasOwn(PROTOCOLS, name);
}

/** Looks a protocol up. Connectors are given one, so that they ship no protocol of their own. */
export type ProtocolOf = (generation: Generation) => Pick<TaskProtocol, "traits" | "versions">;

/** @param generation Throws a TypeError without one: the call is queued, and its server was never reached. */
export function protocolOf(generation: Generation | undefined): TaskProtocol {
  if (generation === undefined) throw new TypeError("The generation of a queued call is not known");
  return PROTOCOLS[generation];
}

/** @param generation Of a queued call it is not known, and none of the traits matters yet. */
export function traitsOf(generation: Generation = "2026-07-28"): TaskTraits {
  return protocolOf(generation).traits;
}
