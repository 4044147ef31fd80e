import { hasHost } from "holdfast/extension/page";
import type { KnownServer } from "./known-servers.ts";
import { secretOf } from "./secrets.ts";

/** Whether a server can be called: the browser must let the extension go there, and its header must be at hand. */
export type Access = "ready" | "no permission" | "no header";

export async function accessTo(server: KnownServer): Promise<Access> {
  if (!(await hasHost(server.url))) return "no permission";
  return server.header !== "none" && !(await secretOf(server)) ? "no header" : "ready";
}
