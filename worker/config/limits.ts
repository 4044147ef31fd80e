import { z } from "zod";
import { jsonVar } from "./json-var.ts";

/** What one principal may use. */
export interface Limits {
  /** Tasks that have not settled, over all endpoints. */
  readonly callsInFlight: number;
  readonly callsPerMinute: number;
  /** A call's arguments as JSON, in bytes. */
  readonly argumentBytes: number;
  /** A result as JSON, in bytes. */
  readonly resultBytes: number;
  /** Active tasks one TaskGroup object takes before the next one is opened. */
  readonly shardCeiling: number;
}

const atLeastOne = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

const schema = z.strictObject({
  callsInFlight: atLeastOne.default(1000),
  // In ms, a call must weigh something.
  callsPerMinute: atLeastOne.max(60_000).default(600),
  argumentBytes: atLeastOne.default(262_144),
  resultBytes: atLeastOne.default(8_388_608),
  shardCeiling: atLeastOne.default(1000),
});

/** The var LIMITS, with the default of each that it leaves out. */
export const limitsOf: (env: object) => Limits = jsonVar<Limits>("LIMITS", schema, schema.parse({}));
