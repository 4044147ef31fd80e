import type { JsonObject } from "./json.ts";
import type { Frame } from "./task-protocol.ts";

/** The frame with these fields in its `_meta`, beside what that already holds. */
export function withMeta(frame: Frame, meta: object | undefined): Frame {
  if (!meta) return frame;
  const own = frame.params._meta as JsonObject | undefined;
  return { ...frame, params: { ...frame.params, _meta: own ? { ...own, ...meta } : meta } };
}
