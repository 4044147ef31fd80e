import type { ToolResult } from "holdfast";
import { connectServers } from "../../front/messages.ts";
import { unconnected } from "../oauth/first-use.ts";
import type { Caller } from "./caller.ts";

/**
 * Where the person connects the servers that want their consent and do not have it; undefined without such a server.
 * @param names The endpoints that are looked at; by default all that are asked.
 */
export async function connectNote(caller: Caller, names?: readonly string[]): Promise<string | undefined> {
  const asked = caller.endpoints.filter(({ name }) => names?.includes(name) ?? true);
  const open = await unconnected(caller.env, caller.principal, asked);
  if (open.length === 0) return undefined;
  return connectServers(open.map(({ name }) => `${caller.origin}/connect/${name}`).join(" "));
}

/** A result with that note at its end. */
export async function withConnectNote(
  caller: Caller,
  result: ToolResult,
  names?: readonly string[],
): Promise<ToolResult> {
  const text = await connectNote(caller, names);
  return text === undefined ? result : { ...result, content: [...result.content, { type: "text", text }] };
}
