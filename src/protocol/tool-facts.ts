import { isObject, isShallow, type JsonObject } from "./json.ts";
import type { HeaderParameter } from "./parameter-headers.ts";

/** How a tool takes part in Tasks (2025-11-25 tasks, "Tool-Level Negotiation"). */
export type TaskSupport = "forbidden" | "optional" | "required";

/** What the client must know of a tool to call it rightly. */
export interface ToolFacts {
  readonly taskSupport: TaskSupport;
  /** The tool declares `idempotentHint` or `readOnlyHint`: a call whose outcome is unknown may be sent again. */
  readonly repeatable: boolean;
  /** Parameters that travel as `Mcp-Param-*` headers too (2026-07-28, "x-mcp-header"). */
  readonly headers?: readonly HeaderParameter[];
}

export interface ListedTool {
  readonly name: string;
  readonly facts: ToolFacts;
  /** The definition as the server sent it. */
  readonly definition: JsonObject;
}

/** Reads which parameters of a tool travel as headers. `undefined`: the tool must not be offered. */
export type ReadHeaders = (inputSchema: unknown) => readonly HeaderParameter[] | undefined;

/**
 * Reads one page of `tools/list`. A tool without a name, one nested too deep to be stored, and one that `readHeaders`
 * refuses is left out, so that it cannot take the others with it.
 */
export function readToolPage(
  result: unknown,
  readHeaders?: ReadHeaders,
): { tools: ListedTool[]; nextCursor?: unknown } {
  if (!isObject(result)) return { tools: [] };
  const list = Array.isArray(result.tools) ? result.tools : [];
  const tools = list.flatMap((tool: unknown): ListedTool[] => {
    if (!isObject(tool) || typeof tool.name !== "string" || !isShallow(tool)) return [];
    const headers = readHeaders ? readHeaders(tool.inputSchema) : [];
    if (headers === undefined) return [];
    return [{ name: tool.name, facts: readFacts(tool, headers), definition: tool }];
  });
  return { tools, nextCursor: result.nextCursor };
}

function readFacts(tool: JsonObject, headers: readonly HeaderParameter[]): ToolFacts {
  const { taskSupport } = isObject(tool.execution) ? tool.execution : {};
  const support = typeof taskSupport === "string" ? taskSupport.toLowerCase() : undefined;
  const annotations = isObject(tool.annotations) ? tool.annotations : {};
  return {
    taskSupport: support === "optional" || support === "required" ? support : "forbidden",
    repeatable: annotations.idempotentHint === true || annotations.readOnlyHint === true,
    ...(headers.length > 0 && { headers }),
  };
}
