/**
 * Ends of tasks in the messages of the AI SDK's `useChat` (`UIMessage`), without importing it.
 * @module
 */
import { isObject, sameJson } from "../protocol/json.ts";
import type { ToolResult } from "../protocol/tool-result.ts";
import { randomId } from "../random-id.ts";
import type { TaskView } from "../task-view.ts";
import { CHECK_TASK } from "./companion-names.ts";
import type { Conversation, EndedTask, News } from "./conversation.ts";
import { withMarks } from "./marks.ts";
import { ENDED_TASKS, endedMark, FROM_APPLICATION } from "./messages.ts";
import { partText } from "./model-parts.ts";
import { aboveText, partsOf, unseen } from "./news-parts.ts";

/** A `UIMessage`, as far as it is read here. */
export interface AiSdkChatMessage {
  id: string;
  role: "system" | "user" | "assistant";
  parts: readonly object[];
}

/**
 * The stored messages of a chat with what ended since the last turn (`Conversation.news`). A tool's part that still shows the
 * running result, or no output, becomes the tool's output, at its place. If the model has gone on since that call, one message of
 * the user says at the end what ended ({@link isAiSdkChatNews}). A task without such a part has its result in that message.
 * Returns the same messages if they have it all.
 *
 * Store what is returned, and hand it to `useChat` and to `convertToModelMessages`. {@link aiSdkChatTurn} does both.
 * @example
 * const messages = aiSdkChatNews(await load(), await conversation.news());
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
    else if (next.isPast) said.push(aboveText(ended));
    all = next?.messages ?? all;
  }
  if (said.length > 0) said.unshift(ENDED_TASKS);
  said.push(...news.questions(messages));
  if (said.length === 0) return [...all];
  const text = said.join("\n\n");
  const message = { id: randomId(), role: "user", parts: [{ type: "text", text }] } as const;
  return [...all, message as object as Message];
}

/**
 * Whether {@link aiSdkChatNews} made the message: it is for the model, and a page need not show it.
 * @example
 * const shown = messages.filter((message) => !isAiSdkChatNews(message));
 */
export function isAiSdkChatNews({ role, parts }: AiSdkChatMessage): boolean {
  const [part] = parts as readonly { readonly text?: unknown }[];
  return role === "user" && String(part?.text).startsWith(FROM_APPLICATION);
}

/** A `Chat` of `@ai-sdk/react` or of another framework's package, as far as it is used here. */
export interface AiSdkChat<Message extends AiSdkChatMessage> {
  messages: Message[];
  readonly status: string;
  /** Without a message: has the model answer those of the chat. */
  sendMessage(): PromiseLike<void>;
}

/** Where an app stores the messages of a chat. */
export interface AiSdkChatStore<Message extends AiSdkChatMessage> {
  load(): Message[] | PromiseLike<Message[]>;
  /** Store each message by its id: two tabs may save at once. */
  save(messages: Message[]): unknown;
}

/**
 * Returns a function for `Conversation.watch` that delivers what ended: stores the messages with the news, has the model go on,
 * stores its answer, then acknowledges. If the page ends in between, another tab or a later page does the rest.
 * Calls run one after the other. Nothing happens while the model answers, so watch again whenever the chat is idle:
 *
 * ```tsx
 * const turn = aiSdkChatTurn(conversation, chat, { load, save });
 * useEffect(() => (status === "ready" ? conversation.watch(() => void turn()) : undefined), [status]);
 * ```
 *
 * The promise rejects as `load`, `save` and `Conversation.news` do. A later call goes on from there.
 * @example
 * const turn = aiSdkChatTurn(conversation, chat, { load, save });
 * const stop = conversation.watch(() => void turn());
 */
export function aiSdkChatTurn<Message extends AiSdkChatMessage>(
  conversation: Pick<Conversation, "news" | "stored">,
  chat: AiSdkChat<Message>,
  { load, save }: AiSdkChatStore<Message>,
): () => Promise<void> {
  /** Leased and not acknowledged. */
  let news: News | undefined;
  const isIdle = (): boolean => chat.status === "ready" || chat.status === "error";
  const turn = async (): Promise<void> => {
    if (!isIdle()) return;
    if (!news?.size) news = await conversation.news();
    if (!news.size) return;
    const messages = aiSdkChatNews(await load(), news);
    // The user may have begun a turn meanwhile.
    if (!isIdle()) return;
    chat.messages = messages;
    await save(messages);
    if (!isIdle()) return;
    if (awaitsModel(messages)) await chat.sendMessage();
    // `sendMessage` does not reject: the chat has the error, and the next call tries again.
    if (chat.status !== "ready") return;
    const saved = chat.messages;
    await save(saved);
    // Not `news.acknowledge()`: a call may have returned an end meanwhile, which is not among what was saved.
    await conversation.stored(saved);
    news = undefined;
  };
  let last = Promise.resolve();
  return () => {
    last = last.catch(() => undefined).then(turn);
    return last;
  };
}

/** Whether the model has not answered the last message, or the last outputs of tools. */
function awaitsModel(messages: readonly AiSdkChatMessage[]): boolean {
  const last = messages.at(-1);
  if (last?.role !== "assistant") return last !== undefined;
  const step = lastStep(last);
  // No provider takes the outputs of some of a step's calls without the others'.
  return isTool(step.at(-1)) && step.every((part) => !isTool(part) || stateOf(part).startsWith("output-"));
}

function lastStep({ parts }: AiSdkChatMessage): readonly object[] {
  const isStart = (part: object): boolean => (part as { readonly type?: unknown }).type === "step-start";
  return parts.slice(parts.findLastIndex(isStart) + 1);
}

function stateOf(part: object): string {
  return String((part as { readonly state?: unknown }).state);
}

function isTool(part: object | undefined): boolean {
  return part !== undefined && "toolCallId" in part;
}

/** The messages with the end in the place of the part that waits for it; undefined if there is no such part. */
function withOutput<Message extends AiSdkChatMessage>(
  messages: readonly Message[],
  ended: EndedTask,
): { readonly messages: readonly Message[]; readonly isPast: boolean } | undefined {
  const { task, result } = ended;
  const all = messages.flatMap(({ parts }) => parts);
  const place =
    all.find((part) => showsRunning(part, task)) ??
    all.find((part) => hasNoOutput(part, task)) ??
    all.find((part) => checks(part, task));
  if (!place) return undefined;
  const text: ToolResult = { content: [{ type: "text", text: aboveText(ended) }] };
  const filled = new Map<object, object>();
  for (const part of all) {
    if (part !== place && !checks(part, task)) continue;
    const own = part === place ? result : text;
    const output = withMarks(own, [endedMark(task.id)]);
    filled.set(part, { ...part, state: "output-available", output });
  }
  const last = messages.at(-1);
  const step = last?.role === "assistant" ? lastStep(last) : [];
  return {
    messages: messages.map((message) => {
      const parts = message.parts.map((part) => filled.get(part) ?? part);
      return message.parts.some((part) => filled.has(part)) ? { ...message, parts } : message;
    }),
    isPast: !isTool(step.at(-1)) || !step.some((part) => filled.has(part)),
  };
}

/** What the results say in whose place the end is put. */
const RUNNING = ["working", "input_required", "delivered"];

/** Whether the part's output is a running result of the task. */
function showsRunning(part: object, { id }: TaskView): boolean {
  const { output } = part as { readonly output?: unknown };
  const running = isObject(output) ? output.structuredContent : undefined;
  const isRunning = isObject(running) && RUNNING.includes(String(running.status));
  return isRunning && running.task === id;
}

/** Whether the part is the same call, whose process ended before it had any output. */
function hasNoOutput(part: object, { tool, endpoint, arguments: args }: TaskView): boolean {
  const { input } = part as { readonly input?: unknown };
  const fits = [tool, `${endpoint}_${tool}`].some(
    (own) => own.replace(/[^a-zA-Z0-9_-]/g, "_") === toolOf(part),
  );
  return stateOf(part) === "input-available" && fits && sameJson(input, args);
}

/** Whether the part waited for the task by `check_task` when its process ended. */
function checks(part: object, { id }: TaskView): boolean {
  const { input } = part as { readonly input?: unknown };
  const isCheck = stateOf(part) === "input-available" && toolOf(part) === CHECK_TASK;
  return isCheck && isObject(input) && input.task === id;
}

function toolOf(part: object): string {
  const { type, toolName } = part as Partial<Record<string, unknown>>;
  return typeof toolName === "string" ? toolName : String(type).replace(/^tool-/, "");
}
