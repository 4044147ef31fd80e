import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import type { GroupName } from "../directory/principal-directory-rpc.ts";
import type { WebhookDelivery, WebhookKind } from "../group/webhook-delivery.ts";
import { jsonBody } from "../http/json-body.ts";
import { ProblemError } from "../http/problem.ts";
import { PrincipalObjects } from "../principal/objects.ts";
import { missingOf, partsOf } from "../principal/parts.ts";
import { readGroups } from "../principal/reading.ts";
import { problems } from "./responses.ts";

const ms = z.number();
const address = z.string().openapi({ description: "Without its query: a secret may be in it." });

const subscriptionSchema = z
  .object({
    id: z.string(),
    name: z.string().openapi({ example: "task.completed" }),
    filter: z.object({
      endpoint: z.string().optional(),
      tool: z.string().optional(),
      taskId: z.string().optional(),
    }),
    url: address,
    until: ms.openapi({ description: "When it ends unless the client renews it." }),
  })
  .openapi("EventSubscription");

const deliverySchema = z
  .object({
    id: z.string().openapi({ description: "Send it again by this." }),
    kind: z.enum(["task", "event"]).openapi({
      description: "`task`: an outcome, to the `webhook` of its call. `event`: to an event subscription.",
    }),
    subscription: z.string().optional(),
    /** Of an event, which names its task. */
    event: z.string().optional(),
    taskId: z.string().optional(),
    url: address,
    attempts: z.int(),
    at: ms.optional().openapi({ description: "The last attempt." }),
    result: z
      .enum(["delivered", "failed", "given_up", "unwanted"])
      .optional()
      .openapi({ description: "How it ended. `failed` is tried again at `dueAt`." }),
    status: z.int().optional().openapi({ description: "The HTTP status of the reply; absent without one." }),
    dueAt: ms.optional(),
  })
  .openapi("WebhookDelivery");

const subscriptions = createRoute({
  method: "get",
  path: "/v1/event-subscriptions",
  tags: ["Webhooks"],
  summary: "The webhooks that clients subscribed to your events",
  responses: {
    200: {
      description: "Those that have not ended.",
      content: {
        "application/json": {
          schema: z.object({ subscriptions: z.array(subscriptionSchema) }).openapi("EventSubscriptionList"),
        },
      },
    },
    ...problems(),
  },
});

const unsubscribe = createRoute({
  method: "delete",
  path: "/v1/event-subscriptions/{subscription}",
  tags: ["Webhooks"],
  summary: "End an event subscription",
  description: "A client that still wants it subscribes again. To end what is not there does nothing.",
  request: { params: z.object({ subscription: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/) }) },
  responses: { 204: { description: "It has ended." }, ...problems(422) },
});

const deliveries = createRoute({
  method: "get",
  path: "/v1/webhook-deliveries",
  tags: ["Webhooks"],
  summary: "What was sent to your webhooks, and what waits",
  description: "The last 100 messages of each group of tasks, the newest first.",
  responses: {
    200: {
      description: "The deliveries.",
      content: {
        "application/json": {
          schema: z
            .object({
              deliveries: z.array(deliverySchema),
              missing: z.array(z.string()).optional().openapi({
                description: "Endpoints some of whose deliveries could not be read: ask again.",
              }),
            })
            .openapi("WebhookDeliveryList"),
        },
      },
    },
    ...problems(429),
  },
});

const again = createRoute({
  method: "post",
  path: "/v1/webhook-deliveries/attempts",
  tags: ["Webhooks"],
  summary: "Send a delivery again",
  description: "With the same `webhook-id`: a receiver that counts each once takes it for the same.",
  middleware: [jsonBody] as const,
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: z.strictObject({ id: z.string().min(1).max(2_000) }) } },
    },
  },
  responses: { 202: { description: "It is sent now." }, ...problems(404, 413, 415, 422, 429) },
});

export function webhookRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(subscriptions, async (c) => {
    const { directory } = new PrincipalObjects(c.env, c.var.principal);
    const all = (await directory.allSubscriptions()).map(({ id, name, filter, url, until }) => ({
      ...{ id, name, filter: { ...filter }, until },
      url: shownAddress(url),
    }));
    return c.json({ subscriptions: all }, 200);
  });

  app.openapi(unsubscribe, async (c) => {
    const { directory } = new PrincipalObjects(c.env, c.var.principal);
    await directory.unsubscribeEvents(c.req.valid("param").subscription);
    return c.body(null, 204);
  });

  app.openapi(deliveries, async (c) => {
    const objects = new PrincipalObjects(c.env, c.var.principal);
    const parts = await partsOf(
      await readGroups(c.env, objects),
      (group): Promise<readonly WebhookDelivery[]> => objects.group(group).webhookDeliveries(),
    );
    const all = parts
      .flatMap(({ group, value = [] }) => value.map((delivery) => shown(group, delivery)))
      .sort((a, b) => (b.at ?? b.dueAt ?? 0) - (a.at ?? a.dueAt ?? 0));
    return c.json({ deliveries: all, ...missingOf(parts) }, 200);
  });

  app.openapi(again, async (c) => {
    const address = readDeliveryId(c.req.valid("json").id);
    const objects = new PrincipalObjects(c.env, c.var.principal);
    const [group] = address ? await readGroups(c.env, objects, address.group) : [];
    const isSent = address && group && (await objects.group(group).sendAgain(address.kind, address.row));
    if (!isSent) throw new ProblemError(404, "not-found", "There is no such delivery, or it is too old.");
    return c.body(null, 202);
  });
}

function shown(group: GroupName, { row, kind, url, ...delivery }: WebhookDelivery) {
  const id = `${group.endpoint}.${group.shard}:${kind}:${row}`;
  if (kind === "task") return { id, kind, taskId: row, url: shownAddress(url), ...delivery };
  const [subscription = "", event = ""] = row.split(" ");
  return { id, kind, subscription, event, url: shownAddress(url), ...delivery };
}

function readDeliveryId(
  id: string,
): { readonly group: GroupName; readonly kind: WebhookKind; readonly row: string } | undefined {
  const [, endpoint, shard, kind, row] = /^([a-z0-9-]{1,33})\.(\d{1,4}):(task|event):(.+)$/.exec(id) ?? [];
  if (endpoint === undefined || row === undefined) return undefined;
  return { group: { endpoint, shard: Number(shard) }, kind: kind === "task" ? "task" : "event", row };
}

/** Addresses of receivers may have secrets in their queries, and names before their hosts. */
function shownAddress(url: string): string {
  if (!URL.canParse(url)) return "";
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
