import type { EndedTask, News } from "./conversation.ts";
import { ENDED_TASKS, endedAbove, endedMark, endedTask } from "./messages.ts";
import { type ModelPart, modelParts } from "./model-parts.ts";
import { quoted, toolText } from "./quoting.ts";

/** The field of a result's `_meta` that names the task whose end it is. */
export const ENDED_TASK_META = "holdfast/task";

/** The tasks of the news whose ends the messages do not have yet: a turn may have stored them and died before it acknowledged. */
export function unseen(messages: readonly unknown[], { ended }: News): readonly EndedTask[] {
  if (ended.length === 0) return ended;
  const said = JSON.stringify(messages);
  const has = (text: string): boolean => said.includes(JSON.stringify(text).slice(1, -1));
  return ended.filter(
    ({ task: { id } }) =>
      !has(endedMark(id)) && !said.includes(`${JSON.stringify(ENDED_TASK_META)}:${JSON.stringify(id)}`),
  );
}

/** One message's parts: what ended, and what came of it. Undefined if the messages have it all. */
export function newsParts(messages: readonly unknown[], news: News): readonly ModelPart[] | undefined {
  const fresh = unseen(messages, news);
  return fresh.length > 0 ? [text(ENDED_TASKS), ...fresh.flatMap(partsOf)] : undefined;
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
