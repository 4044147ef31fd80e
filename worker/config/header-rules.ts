/** Set by the transport for each request: a fixed value would break it, or the connection. */
const NOT_CONFIGURABLE = new Set([
  "accept",
  "connection",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Why an endpoint cannot have a header of this name, or undefined if it can. */
export function headerNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(name)) return "is not the name of a header";
  if (NOT_CONFIGURABLE.has(name.toLowerCase())) return "is a header the protocol sets itself";
  return undefined;
}

/**
 * What of a fixed header is a credential, going by its name: the value, and what follows the scheme of `Authorization`.
 * A tenant's name or a version is not a credential, and may appear in results.
 */
export function credentialsIn(name: string, value: string): readonly string[] {
  if (!/auth|cookie|credential|key|passw|secret|token/i.test(name)) return [];
  return [value, value.slice(value.indexOf(" ") + 1)];
}

/** Why a header cannot have this value. Never quotes it. */
export function headerValueProblem(value: string): string | undefined {
  if (/[\r\n]/.test(value)) return "holds a line break";
  if (/[^\t\x20-\x7e]/.test(value)) return "holds a character that is not printable ASCII";
  if (value.trim() === "") return "is empty";
  if (value.trim() !== value) return "begins or ends with a blank";
  return undefined;
}
