import type { InputRequest } from "holdfast";

/**
 * What a person wrote in answer to the latest questions, by task and question. It is still there when the person comes
 * back, or the server refuses it.
 */
const answers = new Map<string, unknown>();
const MOST = 200;

function nameOf(task: string, { key }: InputRequest): string {
  return JSON.stringify([task, key]);
}

export function writtenAnswer(task: string, request: InputRequest): unknown {
  return answers.get(nameOf(task, request));
}

export function keepAnswer(task: string, request: InputRequest, value: unknown): void {
  const name = nameOf(task, request);
  answers.delete(name);
  answers.set(name, value);
  const [oldest] = answers.keys();
  if (answers.size > MOST && oldest !== undefined) answers.delete(oldest);
}
