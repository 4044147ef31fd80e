import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { ApiEnv } from "../access/api-env.ts";
import { readTaskId } from "../directory/task-id.ts";
import { eventStream, STREAM_LIFE_MS } from "../http/event-stream.ts";
import { pause } from "../http/follow.ts";
import { ProblemError } from "../http/problem.ts";
import { PrincipalObjects } from "../principal/objects.ts";
import { readGroups } from "../principal/reading.ts";
import { unknownTask } from "../principal/reply.ts";
import { Seat } from "../principal/seat.ts";
import { decodePositions, type Positions } from "./events/position.ts";
import { watchPrincipal, watchTask } from "./events/principal-events.ts";
import { eventStreamContent, problems } from "./responses.ts";
import { positionHeaders, positionQuery, taskParams } from "./schemas.ts";

const all = createRoute({
  method: "get",
  path: "/v1/events",
  tags: ["Events"],
  summary: "The changes of all your tasks, as they come",
  request: { headers: positionHeaders, query: positionQuery },
  responses: { 200: { description: "Server-Sent Events.", content: eventStreamContent }, ...problems(429) },
});

const ofTask = createRoute({
  method: "get",
  path: "/v1/tasks/{id}/events",
  tags: ["Events"],
  summary: "The changes of a task, as they come",
  request: { params: taskParams, headers: positionHeaders, query: positionQuery },
  responses: {
    200: { description: "Server-Sent Events.", content: eventStreamContent },
    ...problems(404, 429),
  },
});

export function eventRoutes(app: OpenAPIHono<ApiEnv>): void {
  app.openapi(all, async (c) => {
    refuseHead(c.req.method);
    const objects = new PrincipalObjects(c.env, c.var.principal);
    const from = position(c.req.valid("header")["last-event-id"], c.req.valid("query").after);
    const groups = await readGroups(c.env, objects);
    const seat = await Seat.taken(c.env, objects);
    return eventStream((output) => watchPrincipal({ objects, output, from, pause, seat }, groups), {
      lifeMs: STREAM_LIFE_MS,
      signal: c.req.raw.signal,
    });
  });

  app.openapi(ofTask, async (c) => {
    refuseHead(c.req.method);
    const { id } = c.req.valid("param");
    const address = readTaskId(id);
    const objects = new PrincipalObjects(c.env, c.var.principal);
    const [group] = address ? await readGroups(c.env, objects, address) : [];
    if (!group || !(await objects.group(group).task(id))) throw unknownTask();
    const seat = await Seat.taken(c.env, objects);
    const from = position(c.req.valid("header")["last-event-id"], c.req.valid("query").after);
    return eventStream((output) => watchTask({ objects, output, from, pause, seat }, group, id), {
      lifeMs: STREAM_LIFE_MS,
      signal: c.req.raw.signal,
    });
  });
}

/** The answer to a HEAD would be a stream that nobody reads and nobody closes. */
function refuseHead(method: string): void {
  if (method === "HEAD") {
    throw new ProblemError(405, "method-not-allowed", "This address has no HEAD.", { allow: "GET" });
  }
}

/** The header is the later word: an EventSource sends it beside the address it was opened with. */
function position(header: string | undefined, query: string | undefined): Positions | undefined {
  const text = header || query;
  return text ? decodePositions(text) : undefined;
}
