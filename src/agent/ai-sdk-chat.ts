/**
 * Ends of tasks in the messages of the AI SDK's `useChat` (`UIMessage`), without importing it.
 * @module
 */
import { isObject, sameJson } from "../protocol/json.ts";
import { randomId } from "../random-id.ts";
import type { TaskView } from "../task-view.ts";
import type { EndedTask, News } from "./conversation.ts";
import { ENDED_TASKS } from "./messages.ts";
import { partText } from "./model-parts.ts";
import { aboveText, ENDED_TASK_META, partsOf, unseen } from "./news-parts.ts";

/** A `UIMessage`, as far as it is read here. */
export interface AiSdkChatMessage {
  id: string;
  role: "system" | "user" | "assistant";
  parts: readonly object[];
}

/**
 * The stored messages of a chat with what ended since the last turn (`Conversation.news`). A tool's part that still shows the
 * running result, or no output, becomes the tool's output, at its place. Unless that is the last part of all, one message of the
 * user says at the end what ended, so that the model goes on. A task without such a part has its result in that message.
 * Returns the same messages if they have it all.
 *
 * Store what is returned, and hand it to `useChat` and to `convertToModelMessages`.
 */
export function aiSdkChatNews<Message extends AiSdkChatMessage>(
  messages: readonly Message[],
  news: News,
): Message[] {
  let all: readonly Message[] = messages;
  const said: string[] = [];
  for (const ended of unseen(messages, news)) {
    const next = withOutput(all, ended);
    if (!next) said.push(...partsOf(ended).map(partText));
    else if (!next.isLast) said.push(aboveText(ended));
    all = next?.messages ?? all;
  }
  if (said.length === 0) return [...all];
  const text = [ENDED_TASKS, ...said].join("\n\n");
  const message = { id: randomId(), role: "user", parts: [{ type: "text", text }] } as const;
  return [...all, message as object as Message];
}

/** The messages with the end in the place of the part that waits for it; undefined if there is no such part. */
function withOutput<Message extends AiSdkChatMessage>(
  messages: readonly Message[],
  { task, result }: EndedTask,
): { readonly messages: readonly Message[]; readonly isLast: boolean } | undefined {
  const places = messages.flatMap((message) => message.parts.map((part) => ({ message, part })));
  const place =
    places.find(({ part }) => showsRunning(part, task)) ?? places.find(({ part }) => hasNoOutput(part, task));
  if (!place) return undefined;
  const { message, part } = place;
  const output = { ...result, _meta: { ...result._meta, [ENDED_TASK_META]: task.id } };
  const ended = { ...part, state: "output-available", output };
  const parts = message.parts.map((other) => (other === part ? ended : other));
  return {
    messages: messages.map((other) => (other === message ? { ...message, parts } : other)),
    isLast: place === places.at(-1),
  };
}

/** Whether the part's output is a running result of the task. */
function showsRunning(part: object, { id }: TaskView): boolean {
  const { output } = part as { readonly output?: unknown };
  const running = isObject(output) ? output.structuredContent : undefined;
  const waits = isObject(running) && (running.status === "working" || running.status === "input_required");
  return waits && running.task === id;
}

/** Whether the part is the same call, whose process ended before it had any output. */
function hasNoOutput(part: object, { tool, endpoint, arguments: args }: TaskView): boolean {
  const { state, input, type, toolName } = part as Partial<Record<string, unknown>>;
  const name = typeof toolName === "string" ? toolName : String(type).replace(/^tool-/, "");
  const fits = [tool, `${endpoint}_${tool}`].some((own) => own.replace(/[^a-zA-Z0-9_-]/g, "_") === name);
  return state === "input-available" && fits && sameJson(input, args);
}
