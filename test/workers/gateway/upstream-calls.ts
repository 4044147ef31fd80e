import { exports } from "cloudflare:workers";
import type { WireEntry } from "../../../worker/samples/wire-log.ts";

/** Returns how many calls of a tool have reached the sample servers. */
export async function upstreamCalls(tool: string): Promise<number> {
  const reply = await exports.default.fetch("https://holdfast.test/samples/demo/wire");
  const entries = (await reply.json()) as WireEntry[];
  return entries.filter((entry) => entry.method === "tools/call" && entry.tool === tool).length;
}
