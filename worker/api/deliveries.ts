import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import type { DeliveryView } from "../group/task-group-rpc.ts";
import { jsonBody } from "../http/json-body.ts";
import { PrincipalObjects } from "../principal/objects.ts";
import { missingOf, partsOf } from "../principal/parts.ts";
import { groupWith, readGroups } from "../principal/reading.ts";
import { granted } from "../principal/reply.ts";
import { problems } from "./responses.ts";
import { addresseeSchema, deliverySchema, taskParams } from "./schemas.ts";

/** The longest lease, in ms. */
const LONGEST_LEASE_MS = 24 * 3_600_000;

const receiptSchema = z.string().min(1).max(200);

const undelivered = createRoute({
  method: "post",
  path: "/v1/deliveries",
  tags: ["Deliveries"],
  summary: "What an addressee has not acknowledged",
  description:
    "The ends and the open questions of your tasks that name the addressee (`notify`), by the age of the tasks, 100 of a group of tasks at most: acknowledge them, then ask again. To deliver at least once: lease, deliver, acknowledge. If you die in between, the lease ends and the same `id` is delivered again.",
  middleware: [jsonBody] as const,
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            addressee: addresseeSchema,
            leaseMs: z.int().min(0).max(LONGEST_LEASE_MS).optional().openapi({
              description:
                "Leases what is returned for so many ms: until then nobody else who leases gets it. By default nothing is leased.",
            }),
            receipt: receiptSchema.optional().openapi({
              description:
                "Becomes the `receipt`: asked again under the same one, you get the same. Made by default.",
            }),
            task: z.string().min(1).max(200).optional().openapi({
              description:
                "Only of this task. With `leaseMs`, its end is leased even before it comes: you wait for the task, and deliver the end yourself.",
            }),
          }),
        },
      },
    },
  },
  responses: {
    200: {
      description: "The deliveries. Their tasks are without results and other long parts.",
      content: {
        "application/json": {
          schema: z
            .object({
              deliveries: z.array(deliverySchema),
              missing: z.array(z.string()).optional().openapi({
                description: "Endpoints some of whose tasks could not be read: ask again.",
              }),
            })
            .openapi("Deliveries"),
        },
      },
    },
    ...problems(404, 413, 415, 422, 429),
  },
});

const acknowledge = createRoute({
  method: "post",
  path: "/v1/tasks/{id}/acknowledgements",
  tags: ["Deliveries"],
  summary: "Acknowledge a delivery",
  description: "Durable when this answers. The same receipt gets the same answer, however often it is sent.",
  middleware: [jsonBody] as const,
  request: {
    params: taskParams,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            addressee: addresseeSchema,
            receipt: receiptSchema,
            key: z.string().max(2048).optional().openapi({
              description: "The key of the question. Absent for the end of the task.",
            }),
          }),
        },
      },
    },
  },
  responses: {
    200: {
      description: "Whether this receipt was the first.",
      content: {
        "application/json": { schema: z.object({ acknowledged: z.boolean() }).openapi("Acknowledged") },
      },
    },
    ...problems(404, 413, 415, 422, 429),
  },
});

const notify = createRoute({
  method: "post",
  path: "/v1/tasks/{id}/addressees",
  tags: ["Deliveries"],
  summary: "Add an addressee to a task",
  description: "Also to one that has ended: its end is then undelivered.",
  middleware: [jsonBody] as const,
  request: {
    params: taskParams,
    body: {
      required: true,
      content: { "application/json": { schema: z.strictObject({ addressee: addresseeSchema }) } },
    },
  },
  responses: { 204: { description: "It is added." }, ...problems(404, 413, 415, 422, 429) },
});

export function deliveryRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(undelivered, async (c) => {
    const { addressee, leaseMs, receipt = crypto.randomUUID(), task } = c.req.valid("json");
    const query = { addressee, receipt, ...(leaseMs !== undefined && { leaseMs }) };
    if (task !== undefined) {
      const group = await groupWith(c.env, c.var.principal, task);
      const deliveries: readonly DeliveryView[] = await group.undelivered({ ...query, task });
      return c.json({ deliveries: [...deliveries] }, 200);
    }
    const objects = new PrincipalObjects(c.env, c.var.principal);
    const parts = await partsOf(
      await readGroups(c.env, objects),
      (group): Promise<readonly DeliveryView[]> => objects.group(group).undelivered(query),
    );
    const deliveries = parts
      .flatMap(({ value }) => value ?? [])
      .sort((a, b) => a.task.createdAt - b.task.createdAt);
    return c.json({ deliveries, ...missingOf(parts) }, 200);
  });

  app.openapi(acknowledge, async (c) => {
    const { id } = c.req.valid("param");
    const { key, ...receipt } = c.req.valid("json");
    const group = await groupWith(c.env, c.var.principal, id);
    const acknowledged = granted(
      await group.acknowledge(id, { ...receipt, ...(key !== undefined && { key }) }),
    );
    return c.json({ acknowledged }, 200);
  });

  app.openapi(notify, async (c) => {
    const { id } = c.req.valid("param");
    const { addressee } = c.req.valid("json");
    granted(await (await groupWith(c.env, c.var.principal, id)).notify(id, addressee));
    return c.body(null, 204);
  });
}
