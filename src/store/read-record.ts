import { RECORD_VERSION, type Stage, type TaskRecord } from "../engine/record.ts";
import { isObject } from "../protocol/json.ts";
import { isGeneration } from "../protocol/registry.ts";
import type { Session } from "../protocol/session.ts";
import { damageOf } from "./record-damage.ts";

/** A stored record in today's shape, or why it cannot be read. The stored one is left as it is. */
export type Reading =
  | { readonly kind: "record"; readonly record: TaskRecord }
  | { readonly kind: "unreadable"; readonly id: string | undefined; readonly reason: string };

/** Turns a record of one version into the next. Keyed by the version it takes. */
export type Migrations = Readonly<
  Record<number, (record: Readonly<Record<string, unknown>>) => Record<string, unknown>>
>;

/** A change of shape raises RECORD_VERSION and adds its step here. */
const MIGRATIONS: Migrations = {
  // Version 2 adds the stage `queued`, in which the generation may be absent. A call of version 1 has been sent.
  1: (record) => record,
};

/** Reads what a store holds. Nothing is ever dropped: what cannot be read is reported, and kept. */
export function readRecord(
  stored: unknown,
  migrations: Migrations = MIGRATIONS,
  current: number = RECORD_VERSION,
): Reading {
  if (!isObject(stored)) return { kind: "unreadable", id: undefined, reason: "It is no record" };
  const id = typeof stored.id === "string" ? stored.id : undefined;
  const unreadable = (reason: string): Reading => ({ kind: "unreadable", id, reason });
  if (typeof stored.v !== "number") return unreadable("It has no version");
  if (stored.v > current) {
    return unreadable(`Its version is ${stored.v}; this library reads versions up to ${current}`);
  }
  let record: Readonly<Record<string, unknown>> = stored;
  for (let version = stored.v; version < current; version++) {
    const migrate = migrations[version];
    if (!migrate) return unreadable(`Version ${version} is unknown`);
    try {
      record = { ...migrate(record), v: version + 1 };
    } catch (error) {
      return unreadable(`It cannot be migrated from version ${version}: ${String(error)}`);
    }
  }
  const damaged = damageOf(record);
  if (damaged.length > 0) return unreadable(`These fields are missing or damaged: ${damaged.join(", ")}`);
  const wasReached = record.stage !== "queued" && (record.stage !== "settled" || record.taskId !== undefined);
  if (!isGeneration(record.generation) && (wasReached || record.generation !== undefined))
    return unreadable(`The generation ${String(record.generation)} is unknown`);
  if (!STAGES.has(record.stage)) return unreadable(`The stage ${String(record.stage)} is unknown`);
  return { kind: "record", record: record as unknown as TaskRecord };
}

const STAGES: ReadonlySet<unknown> = new Set<Stage>(["queued", "calling", "asking", "running", "settled"]);

/** A remembered session, or nothing: a damaged one only costs a handshake. */
export function readSession(stored: unknown): Session | undefined {
  if (!isObject(stored)) return undefined;
  if (!isGeneration(stored.generation)) return undefined;
  if (typeof stored.protocolVersion !== "string" || !isObject(stored.serverCapabilities)) return undefined;
  return stored as unknown as Session;
}
