import { hasHost } from "holdfast/extension/page";
import type { KnownServer } from "./known-servers.ts";
import { headerOf, signInOf } from "./secrets.ts";

/** Whether a server can be called: the browser must let the extension go there, and its header or sign-in must be at hand. */
export type Access = "ready" | "no permission" | "no header" | "no sign-in";

export async function accessTo(server: KnownServer): Promise<Access> {
  if (!(await hasHost(server.url))) return "no permission";
  switch (server.authorization) {
    case "none":
      return "ready";
    case "header":
      return (await headerOf(server)) ? "ready" : "no header";
    case "oauth":
      return (await signInOf(server)) ? "ready" : "no sign-in";
  }
}
