/**
 * What the gateway and the proxy answer an agent with in errors of their own. `docs/model-messages.md` lists these texts with
 * when each is sent, and a test compares both. A parameter is in the table as `{name}`.
 */
export const expiredText = (detail: string): string => `The task expired at its server. ${detail}`;
export const lostText = (detail: string): string => `The outcome of the call cannot be known. ${detail}`;
export const CALL_CANCELLED = "The call was cancelled";
export const CALL_WITHOUT_NAME = "A tool call needs a name";
export const ARGUMENTS_NOT_AN_OBJECT = "The arguments of a tool call must be an object";
export const unknownTool = (tool: string): string => `Unknown tool: ${tool}`;
export const unknownPrompt = (prompt: string): string => `Unknown prompt: ${prompt}`;
export const UNKNOWN_RESOURCE = "No server has this resource";
export const KEY_OF_ANOTHER_CALL =
  "The idempotency key was used for another call. Use a new key for a new call";
export const KEY_OF_DELETED_TASK =
  "The idempotency key was used for a task that has been deleted. Use a new key to call again";
export const UNKNOWN_CURSOR = "Unknown cursor";
/** The text of the specification (tasks, "Protocol Errors"), also for a task of somebody else. */
export const TASK_NOT_FOUND = "Failed to retrieve task: Task not found";
export const TASK_GONE = "The task no longer exists";
/** The text of the specification (tasks, "Protocol Errors"). */
export const alreadyEnded = (status: string): string =>
  `Cannot cancel task: already in terminal status '${status}'`;
/** The text of the specification (tasks, "Protocol Errors"). */
export const TASK_REQUIRED = "Task augmentation required for tools/call requests";
export const STALE_REQUEST_STATE = "Invalid or expired requestState";
export const CAPABILITY_MISSING = "Missing required client capability";
export const METHOD_UNKNOWN = "Method not found";
export const INTERNAL = "Internal error";
export const argumentsTooLong = (bytes: string | number): string =>
  `The arguments are longer than ${bytes} bytes`;
export const notSent = (reason: string): string => `The call was not sent: ${reason}`;
export const TOO_MANY = {
  "calls-in-flight": "too many calls are in flight",
  "endpoint-calls-in-flight": "too many calls to this endpoint are in flight",
  "calls-a-minute": "too many calls within a minute",
} as const;
export const connectServers = (addresses: string): string =>
  `The user has to let Holdfast use a server first. Ask the user to open: ${addresses}`;
