import { z } from "zod";
import { jsonVar } from "./json-var.ts";

/** What one principal may use. */
export interface Limits {
  /** Tasks that have not settled, over all endpoints. */
  readonly callsInFlight: number;
  /** The same of one endpoint: one that is broken leaves room for the others. */
  readonly callsInFlightPerEndpoint: number;
  readonly callsPerMinute: number;
  /** A call's arguments as JSON, in bytes. */
  readonly argumentBytes: number;
  /** A result as JSON, in bytes. */
  readonly resultBytes: number;
  /** Requests that read or change tasks. A list counts once for each TaskGroup object it asks. */
  readonly readsPerMinute: number;
  /** Event streams open at the same time. */
  readonly streams: number;
  /** Active tasks one TaskGroup object takes before the next one is opened. */
  readonly shardCeiling: number;
  /**
   * About what the active tasks of one TaskGroup object may take in its memory, in bytes, before the next object is opened.
   * 262,144 of it are reserved for the questions of each task. The platform gives an object 128 MB.
   */
  readonly shardBytes: number;
}

const atLeastOne = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** The most that one row of an object's SQLite storage takes of a call, in bytes; the platform's limit is 2 MB. */
const ROW_BYTES = 1_500_000;
/** How much of `callsInFlight` one endpoint gets where nothing else is configured. */
const ENDPOINT_SHARE = 0.8;

const schema = z
  .strictObject({
    callsInFlight: atLeastOne.default(1000),
    callsInFlightPerEndpoint: atLeastOne.optional(),
    // In ms, a call must weigh something.
    callsPerMinute: atLeastOne.max(60_000).default(600),
    argumentBytes: atLeastOne.max(ROW_BYTES).default(262_144),
    resultBytes: atLeastOne.default(8_388_608),
    readsPerMinute: atLeastOne.max(600_000).default(6_000),
    streams: atLeastOne.default(32),
    shardCeiling: atLeastOne.default(1000),
    shardBytes: atLeastOne.default(40_000_000),
  })
  .transform(
    ({ callsInFlightPerEndpoint, ...limits }): Limits => ({
      ...limits,
      callsInFlightPerEndpoint:
        callsInFlightPerEndpoint ?? Math.max(1, Math.floor(limits.callsInFlight * ENDPOINT_SHARE)),
    }),
  );

/** The var LIMITS, with the default of each that it leaves out. */
export const limitsOf: (env: object) => Limits = jsonVar<Limits>("LIMITS", schema, schema.parse({}));
