import type { InputRequest, TaskView } from "holdfast";

/** What a person wrote in answer to a question, and when it was sent. */
interface Answer {
  readonly value: unknown;
  /** ms since 1970. */
  readonly sentAt?: number;
  /** Why the server refused it. */
  readonly refusal?: string;
}

/** The latest answers, by task and question. They are still there when the person comes back, or the server refuses one. */
const answers = new Map<string, Answer>();
const MOST = 200;

function nameOf(task: string, { key }: InputRequest): string {
  return JSON.stringify([task, key]);
}

export function writtenAnswer(task: string, request: InputRequest): unknown {
  return answers.get(nameOf(task, request))?.value;
}

export function keepAnswer(task: string, request: InputRequest, value: unknown): void {
  const name = nameOf(task, request);
  keep(name, { ...answers.get(name), value });
}

/** Notes that the answer is on its way. */
export function noteSent(task: string, request: InputRequest): void {
  const name = nameOf(task, request);
  keep(name, { value: answers.get(name)?.value, sentAt: Date.now() });
}

/**
 * Why the server refused the answer that was sent to a question: it is open again then. Undefined if no answer was refused.
 * Remembers what it finds: the view says it until the next poll.
 */
export function refusalOf({ id, retry }: TaskView, request: InputRequest): string | undefined {
  const name = nameOf(id, request);
  const answer = answers.get(name);
  if (answer?.sentAt === undefined || !retry || retry.since < answer.sentAt) return answer?.refusal;
  const { kind, message } = retry.failure;
  if (kind === "rpc" || kind === "http") keep(name, { ...answer, refusal: message });
  return answers.get(name)?.refusal;
}

function keep(name: string, answer: Answer): void {
  answers.delete(name);
  answers.set(name, answer);
  const [oldest] = answers.keys();
  if (answers.size > MOST && oldest !== undefined) answers.delete(oldest);
}
