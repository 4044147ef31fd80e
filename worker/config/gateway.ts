import { z } from "zod";
import { jsonVar } from "./json-var.ts";

/** What a client takes. A limit that is not known is absent. */
export interface ClientLimits {
  /** How long one call may take before the client is answered, in ms. */
  readonly budgetMs?: number | undefined;
  /** The longest result, as JSON in characters. */
  readonly resultLength?: number | undefined;
  /** The longest result, in tokens of its model. */
  readonly resultTokens?: number | undefined;
}

/** Limits by the beginning of `clientInfo.name`, in lower case. */
export type LimitsByClient = Readonly<Record<string, ClientLimits>>;

/** How the gateway treats clients that know no tasks. Times are in ms. */
export interface GatewaySettings {
  /**
   * How long a call of a client whose limits are not known is held before the client receives a running result. By default that is
   * before the least patient client gives up; without `companions`, where the call would end, well inside the 60 s most clients allow.
   */
  readonly budgetMs: number;
  /** Limits of clients by the beginning of their `clientInfo.name`, over those that are known. */
  readonly clients: LimitsByClient;
  /** How long after a call its repetition joins it. */
  readonly joinWindowMs: number;
  /**
   * Give such clients running results, and tools to follow them with. Without them the gateway is a mirror: what takes
   * longer than the budget is refused as needing a client that knows tasks.
   */
  readonly companions: boolean;
  /** How long a server that knows no tasks may take for a call. */
  readonly holdMs: number;
  /** How often the lists are read again for clients that subscribe to changes. */
  readonly relistMs: number;
}

/**
 * A client of 15 s is answered before it gives up. Nothing shows how long a client waits but its hang-up, and by then its call has
 * failed. A more patient one has its result by one call more. In ms, as the next.
 */
const UNKNOWN_CLIENT_MS = 13_500;
const WITHOUT_COMPANIONS_MS = 45_000;

const ms = z.number().int();
export const budgetSchema = ms.min(0).max(300_000);
/** A part of a result says where it ends, and still has text. */
const length = z.number().int().min(4_000);

const schema = z
  .strictObject({
    budgetMs: budgetSchema.optional(),
    clients: z
      .record(
        z.string().min(1),
        z.strictObject({
          budgetMs: budgetSchema.optional(),
          resultLength: length.optional(),
          resultTokens: length.optional(),
        }),
      )
      .default({}),
    joinWindowMs: ms.min(0).max(86_400_000).default(600_000),
    companions: z.boolean().default(true),
    holdMs: ms.min(1_000).max(3_600_000).default(900_000),
    relistMs: ms.min(100).max(86_400_000).default(300_000),
  })
  .transform(
    ({ budgetMs, ...settings }): GatewaySettings => ({
      budgetMs: budgetMs ?? (settings.companions ? UNKNOWN_CLIENT_MS : WITHOUT_COMPANIONS_MS),
      ...settings,
    }),
  );

/** The var GATEWAY, with the default of each that it leaves out. */
export const gatewayOf: (env: object) => GatewaySettings = jsonVar<GatewaySettings>(
  "GATEWAY",
  schema,
  schema.parse({}),
);
