import { RequestFaultError } from "holdfast";
import { RemoteApiError } from "holdfast/remote";

/** An extension goes where it has been allowed to, whatever servers say of pages. */
const inExtension = location.protocol.endsWith("-extension:");

/** What happened, and what can be done about it. */
export function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const advice = adviceFor(error);
  // What a server left empty ends in a colon.
  return advice ? `${message.replace(/[\s.:]+$/, "")}. ${advice}` : message;
}

function adviceFor(error: unknown): string | undefined {
  if (error instanceof RequestFaultError) {
    switch (error.fault.kind) {
      case "network":
        return inExtension
          ? "Is the server running, and may the extension go to it? See Servers."
          : "Is the server running, and does it allow this page by CORS (its origin, and the header mcp-session-id exposed)?";
      case "timeout":
        return "The server did not answer in time: try again, or look at its log.";
      case "unauthorized":
        return inExtension
          ? "Give it a header or sign in, under Servers."
          : "It wants to know who asks: under Servers, change its header, or add its address again with a header or OAuth.";
      case "http":
        return error.fault.status === 404 ? "Is the path right? Many servers answer at /mcp." : undefined;
      case "malformed":
        return "Is this the address of an MCP server?";
      default:
        return undefined;
    }
  }
  if (error instanceof RemoteApiError && error.status === 0) return "Is the worker running?";
  return undefined;
}
