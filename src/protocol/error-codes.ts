/** The JSON-RPC error codes of MCP, declared once for the library, the worker and the proxy. */
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** 2026-07-28: a header of the request does not match its body (streamable-http, "Server Validation"). */
export const HEADER_MISMATCH = -32020;
/** 2026-07-28: the request needs a capability that the client does not declare. */
export const MISSING_CLIENT_CAPABILITY = -32021;
/** 2026-07-28 (versioning, "Protocol Version Negotiation"). */
export const UNSUPPORTED_PROTOCOL_VERSION = -32022;
