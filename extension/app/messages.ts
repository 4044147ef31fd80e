import type { Session } from "holdfast";
import { isRecord } from "./is-record.ts";

/** What the extension's own pages ask of its worker beside what `holdfast/extension` has between them. */
export type AppMessage =
  /** Servers have been added or removed. Answered when the worker works with those there are. */
  | { readonly app: "reload" }
  /** All that was stored has been deleted. Answered when the worker holds nothing of it in memory. */
  | { readonly app: "erased" }
  /** What was agreed with a server: a `Session`, or `null`. */
  | { readonly app: "session"; readonly endpoint: string };

export function readAppMessage(message: unknown): AppMessage | undefined {
  if (!isRecord(message)) return undefined;
  const { app, endpoint } = message;
  if (app === "reload" || app === "erased") return { app };
  return app === "session" && typeof endpoint === "string" ? { app, endpoint } : undefined;
}

export async function reloadServers(): Promise<void> {
  await send({ app: "reload" });
}

export async function tellErased(): Promise<void> {
  await send({ app: "erased" });
}

export async function sessionWith(endpoint: string): Promise<Session | undefined> {
  return ((await send({ app: "session", endpoint })) as Session | null) ?? undefined;
}

function send(message: AppMessage): Promise<unknown> {
  return chrome.runtime.sendMessage(message);
}
