import { z } from "@hono/zod-openapi";
import type { TaskView } from "holdfast";
import { problemSchema, taskSchema } from "./schemas.ts";

const DESCRIPTIONS = {
  401: "No token, or none that is known.",
  403: "This token may not do that.",
  404: "There is no such thing, or it is somebody else's.",
  409: "It is not the time for that.",
  410: "It was there, and has been deleted.",
  413: "The body is too large.",
  415: "The Content-Type of the body is not JSON.",
  422: "The request is malformed.",
  429: "Too many: come back after `Retry-After` seconds.",
  502: "The upstream server cannot be reached, or refused.",
} as const;

type ProblemStatus = keyof typeof DESCRIPTIONS;

/** The part of a route's `responses` for the problems it may answer with; any may fail with 500 or 503. */
export function problems<S extends ProblemStatus>(...statuses: readonly S[]) {
  const content = { "application/problem+json": { schema: problemSchema } };
  const entry = (status: ProblemStatus) => {
    const challenge = { "WWW-Authenticate": { schema: { type: "string" as const } } };
    const wait = { "Retry-After": { schema: { type: "integer" as const }, description: "In seconds." } };
    const headers = status === 401 ? challenge : status === 429 ? wait : undefined;
    return { description: DESCRIPTIONS[status], content, ...(headers && { headers }) };
  };
  return Object.fromEntries([401 as const, ...statuses].map((status) => [status, entry(status)]));
}

export const ETAG_HEADER = {
  ETag: { schema: { type: "string" as const }, description: "The task's `rev`, quoted." },
};

export const LOCATION_HEADER = {
  Location: { schema: { type: "string" as const }, description: "The task's path." },
};

export const taskContent = { "application/json": { schema: taskSchema } };

export const eventStreamContent = {
  "text/event-stream": {
    schema: z.string().openapi({
      description:
        "`ready` first, with `{ resumed }`: everything from here on is told; when `resumed` is false, what was before must be asked for. Then `task` for each stored change (a Task without result) `progress` (`{ id, progress }`) and `forgotten` (`{ id }`: it was deleted), both without an event id. A comment at least every 15 s.",
    }),
  },
};

export function etagOf({ rev }: TaskView): string {
  return `"${rev}"`;
}
