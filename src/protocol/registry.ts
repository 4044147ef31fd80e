import { MissingPartError } from "./missing-part.ts";
import type { TaskProtocol, TaskTraits } from "./task-protocol.ts";

/**
 * The protocols by the names that records and sessions hold. A further one is a file in this folder, and a line here. Declare
 * the name of a protocol of your own here (declaration merging).
 */
export interface Protocols {
  readonly "2025-11-25": TaskProtocol;
  readonly "2026-07-28": TaskProtocol;
  /** Pairs of tools, over a server of either generation. `holdfast/pairs` registers it. */
  readonly pairs: TaskProtocol;
}

/** The name of a protocol, as records, sessions and views hold it. */
export type Generation = keyof Protocols;

/** A protocol that a server itself speaks, so that a handshake can agree on it. */
export type ServerGeneration = Exclude<Generation, "pairs">;

const PROTOCOLS: { [name in Generation]?: TaskProtocol } = {};

/**
 * Registers protocols: before records of them are read, in every process that reads them. A client registers those of its
 * parts. A record of a protocol that is not registered is reported as unreadable, and left as it is.
 */
export function registerProtocols(protocols: { readonly [name in Generation]?: TaskProtocol }): void {
  Object.assign(PROTOCOLS, protocols);
}

/** Whether a name, as it was stored, is that of a registered protocol. */
export function isGeneration(name: unknown): name is Generation {
  return typeof name === "string" && Object.hasOwn(PROTOCOLS, name);
}

/** Looks a protocol up. Connectors are given one, so that they ship no protocol of their own. Throws a MissingPartError. */
export type ProtocolOf = (generation: Generation) => Pick<TaskProtocol, "traits" | "versions">;

/** Throws a MissingPartError, also for a queued call, whose generation is not known. */
export function protocolOf(generation: Generation | undefined): TaskProtocol {
  const protocol = PROTOCOLS[generation as Generation];
  if (protocol) return protocol;
  throw new MissingPartError(`protocol ${generation}`);
}

/** Of a queued call the generation is not known, and none of the traits matters yet. */
export function traitsOf(generation: Generation | undefined): Partial<TaskTraits> {
  return generation ? protocolOf(generation).traits : {};
}
