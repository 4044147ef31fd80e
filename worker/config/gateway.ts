import { z } from "zod";
import { jsonVar } from "./json-var.ts";

/** How the gateway treats clients that know no tasks. Times are in ms. */
export interface GatewaySettings {
  /** How long a call is held before the client is told that it runs: well inside the 60 s most clients allow. */
  readonly budgetMs: number;
  /** How long after a call its repetition joins it. */
  readonly joinWindowMs: number;
  /**
   * Give such clients running results, and tools to follow them with. Without them the gateway is a mirror: what takes
   * longer than the budget is refused as needing a client that knows tasks.
   */
  readonly companions: boolean;
  /** How long a server that knows no tasks may take for a call. */
  readonly holdMs: number;
  /** How often the lists are read again for those who want to hear of changes. */
  readonly relistMs: number;
}

const ms = z.number().int();

const schema = z.strictObject({
  budgetMs: ms.min(0).max(300_000).default(45_000),
  joinWindowMs: ms.min(0).max(86_400_000).default(600_000),
  companions: z.boolean().default(true),
  holdMs: ms.min(1_000).max(3_600_000).default(900_000),
  relistMs: ms.min(100).max(86_400_000).default(300_000),
});

/** The var GATEWAY, with the default of each that it leaves out. */
export const gatewayOf: (env: object) => GatewaySettings = jsonVar<GatewaySettings>(
  "GATEWAY",
  schema,
  schema.parse({}),
);
