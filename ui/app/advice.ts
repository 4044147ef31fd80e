import { RequestFailedError } from "holdfast";

/** An extension goes where it has been allowed to, whatever servers say of pages. */
const inExtension = location.protocol.endsWith("-extension:");

/** What happened, and what can be done about it. The library says the likely cause; where to do something is said here. */
export function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const advice = adviceFor(error);
  // What a server left empty ends in a colon.
  return advice ? `${message.replace(/[\s.:]+$/, "")}. ${advice}` : message;
}

function adviceFor(error: unknown): string | undefined {
  if (error instanceof RequestFailedError) {
    switch (error.failure.kind) {
      case "network":
        return inExtension ? "May the extension access it? See Servers." : undefined;
      case "timeout":
        return "Try again, or look at the server's log.";
      case "unauthorized":
        if (inExtension)
          return error.message.endsWith("under Servers")
            ? undefined
            : "Give it a header or sign in, under Servers.";
        return "Under Servers, change its header, or add its address again with a header or OAuth.";
      default:
        return undefined;
    }
  }
  return undefined;
}
