import type { EndedTask, News } from "./conversation.ts";
import { hasMark } from "./marks.ts";
import { ENDED_TASKS, endedAbove, endedMark, endedTask } from "./messages.ts";
import { type ModelPart, modelParts } from "./model-parts.ts";
import { quoted, toolText } from "./quoting.ts";

/** The tasks of the news whose ends the messages do not have yet: a turn may have stored them and died before it acknowledged. */
export function unseen(messages: readonly unknown[], { ended }: News): readonly EndedTask[] {
  if (ended.length === 0) return ended;
  const said = JSON.stringify(messages);
  return ended.filter(({ task }) => !hasMark(said, endedMark(task.id)));
}

/** One message's parts: what ended and what came of it, and what tasks ask. Undefined if the messages have it all. */
export function newsParts(messages: readonly unknown[], news: News): readonly ModelPart[] | undefined {
  const fresh = unseen(messages, news);
  const ended = fresh.length > 0 ? [text(ENDED_TASKS), ...fresh.flatMap(partsOf)] : [];
  const parts = [...ended, ...news.questions(messages).map(text)];
  return parts.length > 0 ? parts : undefined;
}

/** The end of one task. */
export function partsOf({ task, result }: EndedTask): readonly ModelPart[] {
  const head = endedTask(endedMark(task.id), toolText(task.tool), quoted(task.endpoint, 64));
  return [text(head), ...modelParts(result)];
}

/** The end of a task whose result stands where it was called. */
export function aboveText({ task }: EndedTask): string {
  return endedAbove(endedMark(task.id), toolText(task.tool), quoted(task.endpoint, 64));
}

function text(words: string): ModelPart {
  return { kind: "text", text: words };
}
