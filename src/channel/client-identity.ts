import type { JsonObject } from "../protocol/json.ts";
import { type ClientIdentity, TASKS_EXTENSION } from "../protocol/session.ts";
import { VERSION } from "../version.ts";

/** What we call ourselves where the app gives no name of its own. */
export const DEFAULT_IDENTITY: ClientIdentity = { name: "holdfast", version: VERSION };

/** What a task's questions need of the client: the app answers them through `Task.answer`. */
export const DEFAULT_CAPABILITIES: JsonObject = { elicitation: { form: {}, url: {} } };

/** The capabilities a 2026-07-28 request declares: the app's, and that it takes tasks. */
export function withTasks(capabilities: JsonObject): JsonObject {
  const extensions = capabilities.extensions as JsonObject | undefined;
  return { ...capabilities, extensions: { ...extensions, [TASKS_EXTENSION]: {} } };
}
