import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { directoryOf } from "../directory/directory-stub.ts";
import type { PushListing } from "../directory/principal-directory-rpc.ts";
import { jsonBody } from "../http/json-body.ts";
import { ProblemError } from "../http/problem.ts";
import { refusalOf } from "../outbound/address.ts";
import { areSubscriptionKeys } from "../push/message-encryption.ts";
import { problems } from "./responses.ts";
import { addresseeSchema } from "./schemas.ts";

const base64url = z.string().regex(/^[A-Za-z0-9_-]{1,200}$/, "must be base64url");

const newSubscription = z
  .strictObject({
    endpoint: z.url().max(2_048),
    expirationTime: z.number().nullish(),
    keys: z.strictObject({ p256dh: base64url, auth: base64url }),
    open: z
      .url({ protocol: /^https?$/ })
      .max(1_024)
      .openapi({
        description: "The page that a notification opens. `{task}` in it stands for the id of the task.",
        example: "https://app.example/tasks/{task}",
      }),
    addressee: addresseeSchema.optional().openapi({
      description:
        "Pushes only what happens to tasks that name this addressee. By default: to all your tasks.",
    }),
    details: z.boolean().default(false).openapi({
      description:
        "Also shows the beginning of a result, of a failure or of a question. By default a notification has the names of the tool and of the endpoint, and nothing else.",
    }),
  })
  .openapi("NewPushSubscription", {
    description: "`PushSubscription.toJSON()` of the browser, and what to push.",
  });

const listing = z
  .object({
    id: z.string(),
    service: z.string().openapi({ description: "The host of the browser's push service." }),
    createdAt: z.int(),
    addressee: z.string().optional(),
    details: z.boolean(),
  })
  .openapi("PushSubscription") as unknown as z.ZodType<PushListing>;

const readKey = createRoute({
  method: "get",
  path: "/v1/push-key",
  tags: ["Push"],
  summary: "The key to subscribe a browser with",
  responses: {
    200: {
      description: "Yours alone, and the same from then on.",
      content: {
        "application/json": {
          schema: z
            .object({
              key: z
                .string()
                .openapi({ description: "`applicationServerKey` of `PushManager.subscribe()`." }),
            })
            .openapi("PushKey"),
        },
      },
    },
    ...problems(),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/push-subscriptions",
  tags: ["Push"],
  summary: "The browsers that receive push messages",
  responses: {
    200: {
      description: "The newest first.",
      content: {
        "application/json": {
          schema: z.object({ subscriptions: z.array(listing) }).openapi("PushSubscriptionList"),
        },
      },
    },
    ...problems(),
  },
});

const subscribe = createRoute({
  method: "post",
  path: "/v1/push-subscriptions",
  tags: ["Push"],
  summary: "Push ends and questions of tasks to a browser",
  description:
    "Web Push (RFC 8030). The same browser again changes its subscription. You have 20 at most: one more replaces the one that was subscribed longest ago. A subscription that its push service has ended is removed.",
  middleware: [jsonBody] as const,
  request: { body: { required: true, content: { "application/json": { schema: newSubscription } } } },
  responses: {
    201: { description: "Subscribed.", content: { "application/json": { schema: listing } } },
    ...problems(413, 415, 422),
  },
});

const unsubscribe = createRoute({
  method: "delete",
  path: "/v1/push-subscriptions/{subscription}",
  tags: ["Push"],
  summary: "Remove a push subscription",
  description: "To remove what is not there does nothing.",
  request: { params: z.object({ subscription: base64url }) },
  responses: { 204: { description: "Removed." }, ...problems(422) },
});

/** Web Push: browsers that show what happens to a principal's tasks. */
export function pushSubscriptionRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(readKey, async (c) =>
    c.json({ key: await directoryOf(c.env, c.var.principal).pushKey() }, 200),
  );

  app.openapi(list, async (c) => {
    const subscriptions = await directoryOf(c.env, c.var.principal).pushSubscriptions();
    return c.json({ subscriptions: [...subscriptions] }, 200);
  });

  app.openapi(subscribe, async (c) => {
    const { expirationTime, addressee, ...subscription } = c.req.valid("json");
    const reason = refusalOf(new URL(subscription.endpoint), {
      allowPrivate: c.env.WEBHOOK_PRIVATE === "true",
    });
    if (reason) throw new ProblemError(422, "push-refused", `The push service's address ${reason}.`);
    if (!(await areSubscriptionKeys(subscription.keys)))
      throw new ProblemError(422, "push-refused", "The keys are not those of a push subscription.");
    const { protocol, origin } = new URL(c.req.url);
    const added = await directoryOf(c.env, c.var.principal).subscribePush({
      ...subscription,
      ...(typeof expirationTime === "number" && { expirationTime }),
      ...(addressee !== undefined && { addressee }),
      // Push services take no address without TLS.
      ...(protocol === "https:" && { contact: origin }),
    });
    return c.json(added, 201);
  });

  app.openapi(unsubscribe, async (c) => {
    await directoryOf(c.env, c.var.principal).unsubscribePush(c.req.valid("param").subscription);
    return c.body(null, 204);
  });
}
