import { INTERNAL_ERROR } from "../protocol/error-codes.ts";
import type { JsonObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import type { RpcErrorBody } from "../protocol/json-rpc.ts";
import type { WireStatus } from "../protocol/task-snapshot.ts";
import { holdsContent, type ToolResult } from "../protocol/tool-result.ts";
import type { TestClock } from "./test-clock.ts";

/** How far work has come, for `notifications/progress`. */
export interface Measured {
  readonly progress: number;
  readonly total?: number;
}

/**
 * One call of a tool of a scripted server, as the server sees it: a task, or a plain call, which has no task on the wire. The
 * methods that change it resolve once the client has received what the server pushes; without a push, the next poll brings it.
 */
export interface ScriptedTask {
  /** The task's id on the wire. */
  readonly id: string;
  readonly tool: string;
  readonly arguments: JsonObject;
  /** The `_meta` of the call. */
  readonly meta: JsonObject;
  /** Whether the client knows it as a task. */
  readonly isTask: boolean;
  readonly status: WireStatus;
  /**
   * Sets the status message. With a measure, and where the protocol allows it (2025-11-25, and plain calls), the server sends
   * `notifications/progress` too.
   */
  progress(message?: string, measured?: Measured): Promise<void>;
  /** Asks the person (`elicitation/create`). Resolves with the client's answer; never, if the task ends first. */
  ask(params: JsonObject): Promise<JsonObject>;
  /** Asks the client anything: `sampling/createMessage`, `roots/list`, or a method that the client does not know. */
  request(method: string, params: JsonObject): Promise<JsonObject>;
  /**
   * Ends the task with a result: a text, a whole {@link ToolResult}, or an object, which becomes the structured content. A
   * task that has ended stays as it is.
   */
  complete(result?: unknown): Promise<void>;
  /** Ends the task with a JSON-RPC error; a text gets code -32603. */
  fail(error: string | RpcErrorBody): Promise<void>;
  /** Resolves after `ms` of test time: what a script does instead of sleeping. */
  wait(ms: number): Promise<void>;
  /** The server deletes the task, and answers requests about it with an error. */
  forget(): void;
}

/** How a task ended. */
export type Ending =
  | { readonly kind: "result"; readonly result: ToolResult }
  | { readonly kind: "error"; readonly error: RpcErrorBody }
  | { readonly kind: "cancelled" };

/** Something that a task asks of its client. */
export interface ScriptedQuestion {
  readonly key: string;
  readonly method: string;
  readonly params: JsonObject;
  readonly answered: (response: JsonObject) => void;
}

/** What the server itself knows of a task. */
export interface ServedTask extends ScriptedTask {
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly statusMessage: string | undefined;
  readonly pollIntervalMs: number;
  readonly ttlMs: number | null;
  readonly ending: Ending | undefined;
  /** The questions without an answer, by their keys. */
  readonly questions: ReadonlyMap<string, ScriptedQuestion>;
  answer(key: string, response: unknown): void;
  cancel(): void;
}

/** What a task is made of. */
export interface TaskSetting
  extends Pick<ServedTask, "id" | "tool" | "arguments" | "meta" | "isTask" | "pollIntervalMs" | "ttlMs"> {
  readonly clock: TestClock;
  /** Called after each change. */
  readonly changed: (task: ServedTask, measured?: Measured) => void;
  readonly forgotten: (task: ServedTask) => void;
}

export function scriptedTask({ clock, changed, forgotten, ...fields }: TaskSetting): ServedTask {
  const questions = new Map<string, ScriptedQuestion>();
  let ending: Ending | undefined;
  let statusMessage: string | undefined;
  let updatedAt = clock.now();
  let asked = 0;

  function touch(measured?: Measured): Promise<void> {
    updatedAt = clock.now();
    changed(task, measured);
    return clock.settled();
  }

  function end(by: Ending): Promise<void> {
    if (ending) return clock.settled();
    ending = by;
    questions.clear();
    return touch();
  }

  const task: ServedTask = {
    ...fields,
    createdAt: updatedAt,
    questions,
    get status() {
      if (ending) return statusOf(ending);
      return questions.size > 0 ? "input_required" : "working";
    },
    get statusMessage() {
      return statusMessage;
    },
    get updatedAt() {
      return updatedAt;
    },
    get ending() {
      return ending;
    },
    progress(message, measured) {
      if (ending) return clock.settled();
      statusMessage = message ?? statusMessage;
      return touch(measured);
    },
    ask: (params) => task.request("elicitation/create", params),
    request(method, params) {
      return new Promise((answered) => {
        if (ending) return;
        const key = `question-${++asked}`;
        questions.set(key, { key, method, params, answered });
        void touch();
      });
    },
    complete: (result) => end({ kind: "result", result: toolResult(result) }),
    fail: (error) =>
      end({
        kind: "error",
        error: typeof error === "string" ? { code: INTERNAL_ERROR, message: error } : error,
      }),
    wait: (ms) => new Promise((resolve) => void clock.after(ms, resolve)),
    forget: () => forgotten(task),
    answer(key, response) {
      const question = questions.get(key);
      if (!question || !isObject(response)) return;
      questions.delete(key);
      void touch();
      question.answered(response);
    },
    cancel: () => void end({ kind: "cancelled" }),
  };
  return task;
}

function statusOf({ kind }: Ending): WireStatus {
  return kind === "result" ? "completed" : kind === "error" ? "failed" : "cancelled";
}

function toolResult(value: unknown): ToolResult {
  if (value === undefined) return { content: [] };
  if (holdsContent(value)) return { content: [], ...(value as JsonObject) } as ToolResult;
  if (!isObject(value)) return { content: [{ type: "text", text: String(value) }] };
  return { content: [{ type: "text", text: JSON.stringify(value) }], structuredContent: value };
}
