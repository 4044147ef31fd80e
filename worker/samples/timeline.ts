import { INTERNAL_ERROR } from "../../src/protocol/error-codes.ts";
import { paperOf } from "./paper.ts";
import type { Answer, Job, TaskRecord } from "./task-record.ts";

export interface ToolResult {
  [key: string]: unknown;
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

export type Outcome = { result: ToolResult } | { error: { code: number; message: string } };

export type TaskStatus = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** One change in the life of a task, and how the task stands from then on. */
export interface Moment {
  at: number;
  status: TaskStatus;
  message: string;
  /** Stages behind it. */
  progress: number;
  /** The key of the question that is outstanding. */
  question?: string;
  outcome?: Outcome;
}

export const STAGES = 4;

/** The changes of a task, past and to come, as far as they are settled by what is stored of it. */
export function timeline(record: TaskRecord): Moment[] {
  const { cancelledAt } = record;
  const moments =
    record.job.tool === "must_task" ? echoing(record, record.job) : acquiring(record, record.job);
  if (cancelledAt === undefined) return moments;
  const before = moments.filter((moment) => moment.at <= cancelledAt);
  const progress = before.at(-1)?.progress ?? 0;
  return [...before, { at: cancelledAt, status: "cancelled", message: "Cancelled on request", progress }];
}

export function standing(record: TaskRecord, now: number): Moment {
  const moment = timeline(record).findLast((each) => each.at <= now);
  if (!moment) throw new RangeError(`Task ${record.taskId} is not created before ${now}`);
  return moment;
}

export function isTerminal(status: TaskStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

type Acquisition = Extract<Job, { tool: "acquire_paper" }>;
type Echo = Extract<Job, { tool: "must_task" }>;

function echoing(record: TaskRecord, job: Echo): Moment[] {
  const at = record.createdAt;
  const result = { content: [{ type: "text" as const, text: job.text }] };
  return [
    { at, status: "working", message: "Echoing", progress: 0 },
    finish(record, at + job.stageMs, { result }),
  ];
}

function acquiring(record: TaskRecord, job: Acquisition): Moment[] {
  const { doi, stageMs } = job;
  const start = record.createdAt;
  const halfway = start + 2 * stageMs;
  const firstHalf = [
    working(start, `Resolving ${doi}`, 0),
    working(start + stageMs, "Downloading the PDF", 1),
  ];
  const secondHalf = (from: number, result: ToolResult) => [
    working(from, "Parsing pages", 2),
    working(from + stageMs, "Extracting references", 3),
    finish(record, from + 2 * stageMs, { result }),
  ];

  switch (job.mode) {
    case "success":
      return [...firstHalf, ...secondHalf(halfway, acquired(job, job))];
    case "tool_error": {
      const result = toolError(`The publisher does not hold ${doi}`);
      return [...firstHalf, finish(record, halfway, { result })];
    }
    case "rpc_error": {
      const error = { code: INTERNAL_ERROR, message: "Upstream publisher refused" };
      return [...firstHalf, finish(record, halfway, { error })];
    }
    case "ask": {
      const unusable = record.answers.filter((answer) => answer.action === "unusable");
      const settled = record.answers.find((answer) => answer.action !== "unusable");
      const questions = [halfway, ...unusable.map((answer) => answer.at)].map(asking);
      return [...firstHalf, ...questions, ...(settled ? afterAnswer(settled) : [])];
    }
  }

  function afterAnswer(answer: Answer): Moment[] {
    if (answer.action === "accept") return secondHalf(answer.at, acquired(job, answer));
    return [finish(record, answer.at, { result: toolError("The reader declined") })];
  }
}

function working(at: number, message: string, progress: number): Moment {
  return { at, status: "working", message, progress };
}

function asking(at: number, asked: number): Moment {
  return {
    at,
    status: "input_required",
    message: "Which edition?",
    progress: 2,
    question: `edition-${asked + 1}`,
  };
}

function finish(record: TaskRecord, at: number, outcome: Outcome): Moment {
  const message = "error" in outcome ? outcome.error.message : (outcome.result.content[0]?.text ?? "Done");
  return { at, status: statusOf(record, outcome), message, progress: STAGES, outcome };
}

/** The generations disagree on one word: the status of a task whose tool reports an error. */
const TOOL_ERROR = { "2025-11-25": "failed", "2026-07-28": "completed" } as const;

function statusOf(record: TaskRecord, outcome: Outcome): "completed" | "failed" {
  if ("error" in outcome) return "failed";
  return outcome.result.isError ? TOOL_ERROR[record.generation] : "completed";
}

function acquired(
  job: Acquisition,
  choice: { edition?: string | undefined; withSupplement?: boolean | undefined },
): ToolResult {
  const paper = paperOf(job.doi);
  return {
    content: [{ type: "text", text: `Acquired "${paper.title}" (${job.doi})` }],
    structuredContent: {
      ...paper,
      ...(choice.edition && {
        edition: choice.edition,
        with_supplement: choice.withSupplement ?? false,
      }),
    },
  };
}

export function toolError(text: string): ToolResult {
  return { content: [{ type: "text", text }], isError: true };
}
