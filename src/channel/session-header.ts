/** Names the session in each request of 2025-11-25 (transports, "Session Management"). */
export const SESSION_HEADER = "mcp-session-id";
