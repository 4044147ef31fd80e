import type { JsonObject } from "holdfast";
import * as z from "zod";
import {
  callbackRefused,
  EVENT_SECRET,
  EVENTS_OF_ONE_SERVER,
  eventTaskEnded,
} from "../../../front/messages.ts";
import { invalidParams } from "../../../front/rpc-error.ts";
import { cursorOf, type EventFilter, MAX_SUBSCRIPTIONS } from "../../directory/event-subscriptions.ts";
import { fingerprint } from "../../directory/fingerprint.ts";
import { secretKey } from "../../group/webhook-key.ts";
import { refusalOf } from "../../outbound/address.ts";
import type { Caller } from "../caller.ts";
import { challenge } from "./challenge.ts";
import { eventTypes, isEventType } from "./event-types.ts";
import { eventError } from "./extension.ts";

/** The lifetime that a subscription is granted, in ms: at least, by default and at most. */
const TTL_MS = { least: 10_000, usual: 3_600_000, most: 86_400_000 } as const;
/** For how long the list of types may be kept, in ms. */
const LIST_TTL_MS = 3_600_000;

const identity = z.object({
  name: z.string(),
  arguments: z
    .strictObject({
      taskId: z.string().max(128).optional(),
      tool: z.string().max(256).optional(),
      endpoint: z.string().max(128).optional(),
    })
    .optional(),
  delivery: z.object({ mode: z.string().default("webhook"), url: z.url().max(2_048) }),
});
const subscribing = identity.extend({
  delivery: identity.shape.delivery.extend({ secret: z.string().max(128) }),
  ttlMs: z.number().positive().nullish(),
  maxAgeMs: z.number().nonnegative().nullish(),
  cursor: z.string().max(128).nullish(),
});

/** A subscription's key without the principal (MCP Events, "Subscription Identity"), and the id that is derived from it. */
interface Identified {
  readonly id: string;
  readonly name: string;
  readonly filter: EventFilter;
  readonly url: string;
}

type EventMethod = (caller: Caller, params: unknown) => Promise<JsonObject>;

/** MCP Events (SEP-3415) with webhook delivery: at `/mcp/<endpoint>` of its tasks, at `/mcp` of all. Each throws an RpcError. */
export const EVENT_METHODS: ReadonlyMap<string, EventMethod> = new Map<string, EventMethod>([
  [
    "events/list",
    async ({ only }) => ({ events: eventTypes(!only), ttlMs: LIST_TTL_MS, cacheScope: "public" }),
  ],
  ["events/subscribe", subscribe],
  ["events/unsubscribe", unsubscribe],
]);

async function subscribe(caller: Caller, params: unknown): Promise<JsonObject> {
  const asked = read(subscribing, params);
  const { secret } = asked.delivery;
  if (!isSecret(secret)) throw invalidParams(EVENT_SECRET);
  const identified = await identify(caller, asked);
  await verify(caller, identified, secret);
  const cursor = asked.cursor ?? undefined;
  const maxAgeMs = asked.maxAgeMs ?? undefined;
  const granted = await caller.objects.directory.subscribeEvents({
    ...identified,
    secret,
    ttlMs: ttlOf(asked.ttlMs),
    ...(cursor !== undefined && { cursor }),
    ...(maxAgeMs !== undefined && { maxAgeMs }),
  });
  if (!granted) throw tooMany(caller);
  const { taskId } = identified.filter;
  if (taskId !== undefined && granted.isNew && cursor === undefined)
    await refuseEnded(caller, identified.id, taskId);
  return {
    id: identified.id,
    refreshBefore: new Date(granted.until).toISOString(),
    cursor: cursorOf(granted.cursor),
    truncated: granted.truncated,
  };
}

/** Nothing happens to a task that has ended: a subscription to it would wait for ever. Read after it was stored: none ends between. */
async function refuseEnded(caller: Caller, id: string, taskId: string): Promise<void> {
  const task = await caller.groupOfTask(taskId)?.task(taskId);
  if (task && !task.outcome) return;
  await caller.objects.directory.unsubscribeEvents(id);
  if (!task) throw eventError(caller, "NotFound", "task", { kind: "task" });
  throw invalidParams(eventTaskEnded(task.status));
}

async function unsubscribe(caller: Caller, params: unknown): Promise<JsonObject> {
  const { id } = await identify(caller, read(identity, params));
  if (await caller.objects.directory.unsubscribeEvents(id)) return {};
  throw eventError(caller, "NotFound", "subscription", { kind: "subscription" });
}

async function identify(
  caller: Caller,
  { name, arguments: filter = {}, delivery }: z.output<typeof identity>,
): Promise<Identified> {
  if (!isEventType(name)) throw eventError(caller, "NotFound", "event", { kind: "event" });
  const { mode, url } = delivery;
  if (mode !== "webhook")
    throw eventError(caller, "Unsupported", "mode", {
      feature: "deliveryMode",
      value: mode,
    });
  const { only, principal } = caller;
  if (only && filter.endpoint !== undefined) throw invalidParams(EVENTS_OF_ONE_SERVER);
  if (filter.endpoint !== undefined && !caller.endpoint(filter.endpoint))
    throw eventError(caller, "Forbidden", "endpoint", { argument: "endpoint" });
  const key = await fingerprint([principal, url, name, filter, only?.name ?? null]);
  const endpoint = only?.name ?? filter.endpoint;
  const { taskId, tool } = filter;
  return {
    id: `sub_${key.slice(0, 32)}`,
    name,
    filter: {
      ...(endpoint !== undefined && { endpoint }),
      ...(tool !== undefined && { tool }),
      ...(taskId !== undefined && { taskId }),
    },
    url,
  };
}

/** The callback has to be one that may be fetched, and that wants the deliveries. */
async function verify(caller: Caller, { id, url }: Identified, secret: string): Promise<void> {
  const allowPrivate = caller.env.WEBHOOK_PRIVATE === "true";
  const refusal = refusalOf(new URL(url), { allowPrivate });
  if (refusal) throw invalidParams(callbackRefused(refusal));
  const { hasRoom, isVerified, retryAfterMs } = await caller.objects.directory.admitSubscription(id, url);
  if (!hasRoom) throw tooMany(caller);
  if (isVerified) return;
  if (retryAfterMs !== undefined)
    throw eventError(caller, "ResourceExhausted", "verifications", {
      limit: "verifications",
      retryAfterMs,
    });
  const reason = await challenge({ id, url, secret, allowPrivate });
  if (reason) throw eventError(caller, "CallbackEndpointError", "callback", { reason });
}

function tooMany(caller: Caller): Error {
  return eventError(caller, "ResourceExhausted", "subscriptions", {
    limit: "subscriptions",
    max: MAX_SUBSCRIPTIONS,
  });
}

function ttlOf(suggested: number | null | undefined): number {
  const ttlMs = suggested === null ? TTL_MS.most : (suggested ?? TTL_MS.usual);
  return Math.min(TTL_MS.most, Math.max(TTL_MS.least, ttlMs));
}

function isSecret(secret: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret)) return false;
  try {
    const { length } = secretKey(secret);
    return length >= 24 && length <= 64;
  } catch {
    return false;
  }
}

function read<T>(schema: z.ZodType<T>, params: unknown): T {
  const { data, error } = schema.safeParse(params);
  if (error) throw invalidParams(z.prettifyError(error));
  return data as T;
}
