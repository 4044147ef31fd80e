/**
 * What the gateway and the proxy answer an agent with in errors of their own. `docs/model-messages.md` lists these texts with
 * when each is sent, and a test compares both. A parameter is in the table as `{name}`.
 */
type Text = string | number;

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
/** A result that is longer than its client takes. */
export const partOfResult = (from: Text, end: Text, length: Text, task: Text): string =>
  `Above are characters ${from} to ${end} of ${length}, of a result that is too long to return at once. Call read_result with {"task":"${task}","offset":${end}} for the next part, or with "search" to find a text in it.`;
export const lastPart = (from: Text, length: Text, task: Text): string =>
  `Above are the last characters of the result of task ${task}: ${from} to ${length}.`;
export const describedMedia = (type: Text, length: Text): string =>
  `[${type}, ${length} characters of base64]`;
export const wholeResult = (task: Text): string => `The whole result of task ${task}`;
export const READ_RESULT_TOOL =
  "Reads a part of a tool's result that was too long to return at once, or finds a text in it.";
export const TASK_OF_RESULT_PARAMETER = "The task of the result, as its first part named it";
export const OFFSET_PARAMETER = "The character to begin at: 0 unless given";
export const SEARCH_PARAMETER = "A text to find at or after the offset, upper or lower case";
export const foundInResult = (count: Text, task: Text): string =>
  `Found at ${count} places in the result of task ${task}. Call read_result with an offset to read there:`;
export const moreFound = (offset: Text): string =>
  `There are more places. Search again from offset ${offset}.`;
export const foundNothing = (task: Text): string =>
  `The text was not found in the result of task ${task}, at or after the offset.`;
export const noSuchPart = (length: Text): string =>
  `The offset must be a number from 0 to ${length}, the length of the result. Call read_result again with such an offset.`;
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
/** Of a client that opens the address for the person. */
export const consentQuestion = (server: string): string =>
  `Holdfast needs your consent to use ${server} in your name. The task goes on by itself afterwards.`;
/** MCP Events. The code's name in the specification, and what it is about. */
export const eventError = (kind: string, detail: string): string => `${kind}: ${detail}`;
export const EVENT_ERRORS = {
  event: "there is no such event; events/list has their names",
  subscription: "there is no such subscription, or it has ended",
  task: "there is no such task",
  endpoint: "you have no such server",
  mode: "events are delivered to webhooks only",
  subscriptions: "you have as many subscriptions as you may; unsubscribe from other events first",
  verifications: "too many callbacks were verified within a minute; try again later",
  callback: "the callback did not echo the challenge",
} as const;
export const EVENT_SECRET = "delivery.secret must be whsec_ and the Base64 of 24 to 64 random bytes";
export const EVENTS_OF_ONE_SERVER = "This address has one server: arguments.endpoint is for /mcp alone";
export const callbackRefused = (reason: string): string =>
  `The gateway does not post to delivery.url: it ${reason}`;
export const eventTaskEnded = (status: string): string =>
  `The task has ended (${status}) and has no further event. Ask for its result`;
