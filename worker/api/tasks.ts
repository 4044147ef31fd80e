import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { ProblemError } from "../http/problem.ts";
import { listTasks } from "../principal/listing.ts";
import { PrincipalObjects } from "../principal/objects.ts";
import { groupWith, readGroups } from "../principal/reading.ts";
import { granted, unknownTask } from "../principal/reply.ts";
import { ETAG_HEADER, etagOf, problems, taskContent } from "./responses.ts";
import { statusSchema, taskParams, taskSchema } from "./schemas.ts";
import { matchesNone, untilAttention, untilNews } from "./waiting.ts";

const listQuery = z.object({
  endpoint: z.string().max(32).optional(),
  status: z
    .union([statusSchema, z.literal("unfinished")])
    .optional()
    .openapi({ description: "`unfinished`: all without an outcome." }),
  tool: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50).openapi({ type: "integer" }),
  cursor: z.string().max(64).optional().openapi({ description: "The `nextCursor` of the page before." }),
});

const taskPageSchema = z
  .object({
    tasks: z.array(taskSchema),
    nextCursor: z.string().optional().openapi({ description: "Absent on the last page." }),
    missing: z.array(z.string()).optional().openapi({
      description: "Endpoints some of whose tasks could not be read, and may be absent here: ask again.",
    }),
  })
  .openapi("TaskPage");

const list = createRoute({
  method: "get",
  path: "/v1/tasks",
  tags: ["Tasks"],
  summary: "Your tasks, the newest first",
  request: { query: listQuery },
  responses: {
    200: {
      description:
        "A page, without results and other long parts (`omitted`). It may have fewer tasks than `limit`, and yet a `nextCursor`.",
      content: {
        "application/json": {
          schema: taskPageSchema,
        },
      },
    },
    ...problems(422, 429),
  },
});

const get = createRoute({
  method: "get",
  path: "/v1/tasks/{id}",
  tags: ["Tasks"],
  summary: "A task, with its result when it has one",
  request: {
    params: taskParams,
    query: z.object({
      wait: z.coerce.number().min(0).max(60).default(0).openapi({
        type: "number",
        description:
          "Seconds to wait: with `If-None-Match` for a change, else until the task is settled or asks.",
      }),
    }),
    headers: z.object({
      "if-none-match": z.string().max(1024).optional().openapi({ description: "The ETag you have." }),
    }),
  },
  responses: {
    200: { description: "The task.", headers: ETAG_HEADER, content: taskContent },
    304: { description: "It is still the one you have.", headers: ETAG_HEADER },
    ...problems(404, 422, 429),
  },
});

const cancel = createRoute({
  method: "post",
  path: "/v1/tasks/{id}/cancel",
  tags: ["Tasks"],
  summary: "Cancel a task",
  description: "The wish is durable when this answers; the outcome is what the server then says.",
  request: { params: taskParams },
  responses: {
    202: { description: "It will be asked for.", headers: ETAG_HEADER, content: taskContent },
    ...problems(404, 409, 429),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/tasks/{id}",
  tags: ["Tasks"],
  summary: "Delete a settled task",
  description:
    "One that runs is deleted with `force`, and no longer counts as in flight. Its server is not told, and may go on with it: cancel it first.",
  request: {
    params: taskParams,
    query: z.object({
      force: z.enum(["true", "false"]).default("false").openapi({ description: "Also one that runs." }),
    }),
  },
  responses: { 204: { description: "It is gone." }, ...problems(404, 409, 422, 429) },
});

export function taskRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const objects = new PrincipalObjects(c.env, c.var.principal);
    const page = await listTasks(objects, await readGroups(c.env, objects), filter, limit, cursor);
    if (!page) throw new ProblemError(422, "malformed", "query.cursor: is not a cursor of an earlier page");
    return c.json(page, 200);
  });

  app.openapi(get, async (c) => {
    const { id } = c.req.valid("param");
    const ms = c.req.valid("query").wait * 1000;
    const known = c.req.valid("header")["if-none-match"];
    const group = await groupWith(c.env, c.var.principal, id);
    const task =
      known === undefined
        ? await untilAttention(group, id, ms)
        : await untilNews(group, id, (seen) => matchesNone(known, etagOf(seen)), ms);
    if (!task) throw unknownTask();
    const etag = etagOf(task);
    c.header("etag", etag);
    c.header("cache-control", "private, no-cache");
    if (known !== undefined && matchesNone(known, etag)) return c.body(null, 304);
    return c.json(task, 200);
  });

  app.openapi(cancel, async (c) => {
    const { id } = c.req.valid("param");
    const task = granted(await (await groupWith(c.env, c.var.principal, id)).cancel(id));
    c.header("etag", etagOf(task));
    return c.json(task, 202);
  });

  app.openapi(remove, async (c) => {
    const { id } = c.req.valid("param");
    const force = c.req.valid("query").force === "true";
    granted(await (await groupWith(c.env, c.var.principal, id)).forget(id, force));
    await new PrincipalObjects(c.env, c.var.principal).directory.deleted([id]);
    return c.body(null, 204);
  });
}
