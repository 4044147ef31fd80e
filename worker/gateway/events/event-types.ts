import type { JsonObject } from "holdfast";

const TYPES: ReadonlyMap<string, string> = new Map([
  ["task.completed", "A task ended with a result."],
  [
    "task.failed",
    "A task ended without a result: it failed, its time ran out, or what became of it cannot be known.",
  ],
  ["task.cancelled", "A task was cancelled."],
  ["task.input_required", "A task asks something, and goes on once it is answered."],
]);

const text = (description: string): JsonObject => ({ type: "string", description });

/** Has no argument and no result of a task: a caller who may see them asks for the task by its id. */
const PAYLOAD: JsonObject = {
  type: "object",
  properties: {
    taskId: text("The task's id, for tasks/get and for the tool that checks a task"),
    endpoint: text("The server that the tool is one of"),
    tool: text("The tool's name, as its server lists it"),
    status: text("completed, failed, expired, lost, cancelled or input_required"),
    createdAt: { ...text("When the tool was called"), format: "date-time" },
  },
  required: ["taskId", "endpoint", "tool", "status", "createdAt"],
};

const TASK = text("Only of the task with this id");
const TOOL = text("Only of calls of this tool, by the name its server lists it with");
const ENDPOINT = text("Only of tasks of this server");

/** The event types, as `events/list` answers. @param isMerged Whether the tasks of several servers are seen. */
export function eventTypes(isMerged: boolean): JsonObject[] {
  return [...TYPES].map(([name, description]) => ({
    name,
    description,
    delivery: ["webhook"],
    inputSchema: {
      type: "object",
      properties: { taskId: TASK, tool: TOOL, ...(isMerged && { endpoint: ENDPOINT }) },
      additionalProperties: false,
    },
    payloadSchema: PAYLOAD,
  }));
}

export function isEventType(name: string): boolean {
  return TYPES.has(name);
}
