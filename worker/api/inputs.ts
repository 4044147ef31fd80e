import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { checkSize, jsonBody } from "../http/json-body.ts";
import { groupWith } from "../principal/reading.ts";
import { granted } from "../principal/reply.ts";
import { ETAG_HEADER, etagOf, problems, taskContent } from "./responses.ts";
import { answerSchema, inputParams } from "./schemas.ts";

const answer = createRoute({
  method: "post",
  path: "/v1/tasks/{id}/inputs/{key}",
  tags: ["Tasks"],
  summary: "Answer a question of a task",
  description: "The answer is durable when this answers; it is then sent until the server has it.",
  middleware: [jsonBody] as const,
  request: {
    params: inputParams,
    body: { required: true, content: { "application/json": { schema: answerSchema } } },
  },
  responses: {
    202: { description: "It is on its way.", headers: ETAG_HEADER, content: taskContent },
    ...problems(404, 409, 413, 415, 422, 429),
  },
});

export function inputRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(answer, async (c) => {
    const { id, key } = c.req.valid("param");
    const response = c.req.valid("json");
    checkSize(response, c.env);
    const task = granted(await (await groupWith(c.env, c.var.principal, id)).answer(id, key, response));
    c.header("etag", etagOf(task));
    return c.json(task, 202);
  });
}
