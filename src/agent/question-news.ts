import type { TaskView } from "../task-view.ts";
import type { AskedTask } from "./conversation.ts";
import { hasMark, markText, questionName } from "./marks.ts";
import {
  askedMark,
  askedTask,
  closedMark,
  closedQuestion,
  HOW_TO_ANSWER,
  QUESTION_FOR_OTHERS,
  TASK_QUESTIONS,
} from "./messages.ts";
import { askedInput, questionText } from "./question-text.ts";
import { quoted, toolText } from "./quoting.ts";

/**
 * What a model is to have about questions, and messages do not have: those that are new, and those that the messages have and that
 * are no longer open. Empty, or the texts with a first line.
 * @param running The tasks that run.
 */
export function questionTexts(
  messages: readonly unknown[],
  asked: readonly AskedTask[],
  running: readonly TaskView[],
): readonly string[] {
  if (asked.length + running.length === 0) return [];
  const said = JSON.stringify(messages);
  const texts = [
    ...asked.filter((item) => !hasMark(said, markOf(item))).map(askedText),
    ...running.flatMap((task) => closedTexts(task, said)),
  ];
  return texts.length > 0 ? [TASK_QUESTIONS, ...texts] : [];
}

function markOf({ task, question }: AskedTask): string {
  return askedMark(task.id, questionName(question.key));
}

function askedText(item: AskedTask): string {
  return [
    askedTask(markOf(item), ...origin(item.task)),
    questionText(askedInput(item.question)),
    item.mayAnswer ? HOW_TO_ANSWER : QUESTION_FOR_OTHERS,
  ].join("\n");
}

/** Of the questions of a running task that the messages have, those that are no longer open. */
function closedTexts(task: TaskView, said: string): readonly string[] {
  const open = task.inputRequests.map(({ key }) => questionName(key));
  return askedNames(task, said)
    .filter((name) => !open.includes(name))
    .map((name) => closedMark(task.id, name))
    .filter((mark) => !hasMark(said, mark))
    .map((mark) => closedQuestion(mark, ...origin(task)));
}

/** The names of the task's questions in the marks of messages. */
function askedNames({ id }: TaskView, said: string): readonly string[] {
  const [head = "", tail = ""] = askedMark(id, "\n").split("\n").map(markText);
  const rests = said.split(head).slice(1);
  return [...new Set(rests.map((rest) => rest.slice(0, Math.max(0, rest.indexOf(tail)))))];
}

function origin({ tool, endpoint }: TaskView): [tool: string, endpoint: string] {
  return [toolText(tool), quoted(endpoint, 64)];
}
