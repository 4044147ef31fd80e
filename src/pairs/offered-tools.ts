import { isObject, type JsonObject } from "../protocol/json.ts";
import type { Pair, Pairs, StartTool } from "./pair.ts";

/** The reply to `tools/list` as callers see it: one tool stands for each pair, in the place of its start tool. */
export function offeredTools(reply: unknown, pairs: Pairs): unknown {
  if (!isObject(reply) || !Array.isArray(reply.tools)) return reply;
  const entries = Object.entries(pairs);
  const hidden = new Set(
    entries.flatMap(([name, pair]) => [name, ...(pair.keepTools ? [] : ownTools(pair))]),
  );
  const tools = reply.tools.flatMap((tool: unknown): unknown[] => {
    if (!isObject(tool)) return [tool];
    const started = entries.filter(([, { start }]) => start.tool === tool.name);
    const offered = started.map(([name, pair]) => definitionOf(name, pair, tool));
    return hidden.has(String(tool.name)) ? offered : [...offered, tool];
  });
  return { ...reply, tools };
}

/** The list tool stays: it answers questions of its own. */
function ownTools({ start, status, result, cancel }: Pair): readonly string[] {
  return [start, status, result, cancel].flatMap((part) => (part ? [part.tool] : []));
}

function definitionOf(name: string, { start, description }: Pair, tool: JsonObject): JsonObject {
  // Its schema describes what starting returns, and not the result of the work.
  const { outputSchema: _start, inputSchema, ...rest } = tool;
  return {
    ...rest,
    name,
    ...(description !== undefined && { description }),
    inputSchema: withoutFixed(inputSchema, start),
    execution: { taskSupport: "optional" },
  };
}

/** The schema without the arguments that are the same in every call. */
function withoutFixed(schema: unknown, { arguments: fixed }: StartTool): unknown {
  if (!fixed || !isObject(schema) || !isObject(schema.properties)) return schema;
  const isFree = (name: unknown): boolean => !Object.hasOwn(fixed, String(name));
  const properties = Object.fromEntries(Object.entries(schema.properties).filter(([name]) => isFree(name)));
  const { required } = schema;
  return { ...schema, properties, ...(Array.isArray(required) && { required: required.filter(isFree) }) };
}
