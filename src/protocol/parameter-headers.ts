import { isObject, type JsonObject } from "./json.ts";

/** A tool parameter that the server wants mirrored into an HTTP header (2026-07-28, "x-mcp-header"). */
export interface HeaderParameter {
  readonly header: string;
  /** The chain of `properties` keys that leads to the value. */
  readonly path: readonly string[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PRIMITIVES: ReadonlySet<unknown> = new Set(["string", "integer", "boolean"]);
/** Keywords whose values are data, not schemas: an annotation's name inside them means nothing. */
const DATA_KEYWORD = /^(x-mcp-header|const|enum|default|examples)$/;
/** Keywords whose keys are names of their own choice, each with a schema. */
const SCHEMA_MAP = /^(\$defs|definitions|patternProperties|dependentSchemas)$/;
const DEPTH_LIMIT = 64;

/**
 * The header parameters an input schema declares, or `undefined` when one is unlawful: the tool
 * must then not be offered at all (streamable-http, "Schema Extension").
 */
export function readHeaderParameters(schema: unknown): readonly HeaderParameter[] | undefined {
  const found: HeaderParameter[] = [];
  if (!collect(schema, found, 0, [])) return undefined;
  const names = new Set(found.map(({ header }) => header.toLowerCase()));
  return names.size === found.length ? found : undefined;
}

/** @param path Leads to the value, unless a keyword other than `properties` is on the way. */
function collect(
  schema: unknown,
  found: HeaderParameter[],
  depth: number,
  path?: readonly string[],
): boolean {
  if (depth > DEPTH_LIMIT) return false;
  if (!isObject(schema) && !Array.isArray(schema)) return true;
  if ("x-mcp-header" in schema) {
    const { "x-mcp-header": header, type } = schema as JsonObject;
    if (!path?.length || typeof header !== "string" || !TOKEN.test(header) || !PRIMITIVES.has(type))
      return false;
    found.push({ header, path });
  }
  return Object.entries(schema).every(([keyword, value]) => {
    if (DATA_KEYWORD.test(keyword)) return true;
    const named = keyword === "properties";
    if (!isObject(value) || !(named || SCHEMA_MAP.test(keyword))) return collect(value, found, depth + 1);
    return Object.entries(value).every(([name, part]) =>
      collect(part, found, depth + 1, named && path ? [...path, name] : undefined),
    );
  });
}

/** The `Mcp-Param-*` headers of one call; a parameter that is absent or null has none. */
export function parameterHeaders(
  parameters: readonly HeaderParameter[],
  args: JsonObject,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { header, path } of parameters) {
    let value: unknown = args;
    for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    if (typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value)) {
      headers[`Mcp-Param-${header}`] = encodeHeaderValue(String(value));
    }
  }
  return headers;
}

/** A header value as is when it is plain, else in the Base64 form (streamable-http, "Value Encoding"). */
export function encodeHeaderValue(value: string): string {
  const plain = /^[\x20-\x7e\t]*$/.test(value) && value.trim() === value;
  if (plain && !(value.startsWith("=?base64?") && value.endsWith("?="))) return value;
  const bytes = new TextEncoder().encode(value);
  return `=?base64?${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}?=`;
}
