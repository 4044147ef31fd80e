import { cutText } from "../protocol/bounds.ts";
import { defined, isObject, type JsonObject, jsonText, own, sameJson } from "../protocol/json.ts";
import {
  type CallReply,
  MalformedReplyError,
  type TaskPage,
  type TaskPayload,
  type TaskReading,
} from "../protocol/task-reading.ts";
import type { TaskProgress, WireStatus } from "../protocol/task-snapshot.ts";
import { holdsContent, readToolResult, type ToolResult } from "../protocol/tool-result.ts";
import { jobOf, taskIdOf } from "./job.ts";
import { atPointer } from "./json-pointer.ts";
import type { Pair, Place, ResultTool } from "./pair.ts";
import { dataOf, firstWord, readId, textOf, valueAt } from "./places.ts";
import { statusInText, statusOf } from "./status-words.ts";

/** What a person is to do about a job that waits for input: a pair has no tool for an answer. */
const NO_ANSWERS =
  "(Holdfast cannot send this input: give it at the server itself, or cancel the task. The task goes on once the server has it.)";

/** What the start tool's result makes of the call: a task, or the end if it says so itself. Throws a MalformedReplyError. */
export function readStart(name: string, pair: Pair, result: ToolResult, args: unknown): CallReply {
  // The server did not start anything, and says why.
  if (result.isError) return { kind: "result", result };
  const { id: place } = pair.start;
  const found = readId(valueAt(result, place));
  const id = typeof found === "string" && isInText(place) ? firstWord(found) : found;
  if (id === undefined || id === "") {
    // Some servers answer short work at once, in the form of a status.
    if (pair.status.status !== undefined && statusOf(saidStatus(result, pair), pair.words) === "completed")
      return { kind: "result", result: resultIn(result, pair.status.result) };
    throw new MalformedReplyError(
      `${pair.start.tool} named no job ${placeText(place)}. Check start.id of the pair ${name}`,
      result,
    );
  }
  const [reply] = dataOf(result);
  const taskId = taskIdOf(jobOf(name, pair, { id, arguments: args, reply }));
  const reading = withSnapshot(taskId, pair, "working", textAt(result, pair.status.message));
  return { kind: "task", reading };
}

/** A reading of the status tool. Its result is still to be fetched where another tool returns that. */
export interface StatusReading {
  readonly reading: TaskReading;
  readonly wantsResult: boolean;
}

/** Throws a MalformedReplyError for a reply without a status that is known. */
export function readStatusReply(name: string, pair: Pair, taskId: string, result: ToolResult): StatusReading {
  const { status: tool } = pair;
  const said = saidStatus(result, pair);
  // A word that nobody knows is not the absence of one.
  const status = said === undefined && !result.isError ? tool.absent : statusOf(said, pair.words);
  if (status === undefined) throw noStatus(name, pair, said, result);
  const failed = status === "failed";
  const why = failed ? textAt(result, tool.error) : undefined;
  const words = why ?? textAt(result, tool.message) ?? (failed ? cutText(textOf(result), 500) : undefined);
  const message = status === "input_required" ? [words, NO_ANSWERS].filter(Boolean).join(" ") : words;
  const reading: TaskReading = {
    ...withSnapshot(taskId, pair, status, message),
    ...defined({ progress: progressIn(result, pair) }),
  };
  if (failed) return { reading: withPayload(reading, result), wantsResult: false };
  if (status !== "completed") return { reading, wantsResult: false };
  if (pair.result) return { reading, wantsResult: true };
  return { reading: withPayload(reading, resultIn(result, tool.result)), wantsResult: false };
}

/** The reading of a job that has ended, with what its result tool returned. */
export function withResult(reading: TaskReading, result: ToolResult, tool: ResultTool): TaskReading {
  return withPayload(reading, result.isError ? result : resultIn(result, tool.result));
}

/** The jobs of a page that a start with these arguments may have made, and the cursor of the next page as JSON. */
export function readList(name: string, pair: Pair, result: ToolResult, args: unknown): TaskPage {
  const { list } = pair;
  const jobs = list && valueAt(result, list.jobs);
  if (!list || result.isError || !Array.isArray(jobs))
    throw new MalformedReplyError(
      `${list?.tool} returned no list. Check list.jobs of the pair ${name}`,
      result,
    );
  const readings = jobs.flatMap((job: unknown): TaskReading[] => {
    const id = readId(atPointer(job, list.id));
    const createdAt = timeText(atPointer(job, list.createdAt));
    if (id === undefined || createdAt === undefined) return [];
    const given: JsonObject = isObject(args) ? args : {};
    const fits = Object.entries(list.match ?? {}).every(([argument, pointer]) =>
      sameJson(own(given, argument), atPointer(job, pointer)),
    );
    if (!fits) return [];
    const taskId = taskIdOf(jobOf(name, pair, { id, arguments: args, reply: job }));
    const { snapshot } = withSnapshot(taskId, pair, "working", undefined);
    return [{ snapshot: { ...snapshot, createdAt } }];
  });
  const next = list.cursor && valueAt(result, list.cursor.next);
  const isNamed = typeof next === "number" || (typeof next === "string" && next !== "");
  return { readings, ...(isNamed && { nextCursor: JSON.stringify(next) }) };
}

/** Whether the server says in a sentence that it has no such job. A tool or an argument that it lacks is another matter. */
export function deniesJob(text: string): boolean {
  const said = text.slice(0, 1_000);
  return (
    /\b(not found|no such|does(n.t| not) exist|unknown (job|task|run|id|export|request))\b/i.test(said) &&
    !/\b(tool|method|argument|param(eter)?|field|property)s?\b/i.test(said)
  );
}

/** The server's own word for the status, or `undefined`. */
function saidStatus(result: ToolResult, { status: { status: place } }: Pair): unknown {
  if (place === undefined) return undefined;
  const value = valueAt(result, place);
  return typeof value === "string" && isInText(place) ? statusInText(value) : value;
}

function noStatus(name: string, { status }: Pair, said: unknown, result: ToolResult): MalformedReplyError {
  const advice =
    said === undefined
      ? `said no status${status.status === undefined ? "" : ` ${placeText(status.status)}`}`
      : `said the status ${jsonText(said).slice(0, 100)}, which no word names: add it to words of the pair ${name}`;
  const error = result.isError ? `: ${cutText(textOf(result), 300)}` : "";
  return new MalformedReplyError(`${status.tool} ${advice}${error}`, result);
}

function withSnapshot(
  taskId: string,
  { intervalMs }: Pair,
  status: WireStatus,
  statusMessage: string | undefined,
): TaskReading {
  const snapshot = defined({ taskId, status, statusMessage, pollIntervalMs: intervalMs });
  return { snapshot, inputRequests: [] };
}

function withPayload(reading: TaskReading, result: ToolResult): TaskReading {
  const payload: TaskPayload = { kind: "result", result };
  return { ...reading, payload };
}

/** The value at a place as the result of a tool. */
function resultIn(result: ToolResult, place: Place | undefined): ToolResult {
  if (place === undefined) return result;
  const value = valueAt(result, place);
  if (value === undefined)
    throw new MalformedReplyError(`The job has ended, and has no result ${placeText(place)}`, result);
  const whole = holdsContent(value) ? readToolResult(value) : undefined;
  if (whole) return whole;
  const text = typeof value === "string" ? value : jsonText(value);
  return { content: [{ type: "text", text }], ...(isObject(value) && { structuredContent: value }) };
}

function textAt(result: ToolResult, place: Place | undefined): string | undefined {
  const value = place === undefined ? undefined : valueAt(result, place);
  return value === undefined ? undefined : cutText(typeof value === "string" ? value : jsonText(value));
}

function progressIn(
  result: ToolResult,
  { status: { progress: place, total } }: Pair,
): TaskProgress | undefined {
  if (place === undefined) return undefined;
  const value = valueAt(result, place);
  const said =
    typeof value === "number" ? String(value) : typeof value === "string" ? value.slice(0, 200) : "";
  const [, done, percent, of] = /(-?\d+(?:\.\d+)?)\s*(?:(%)|(?:\/|of)\s*(\d+(?:\.\d+)?))?/.exec(said) ?? [];
  if (done === undefined) return undefined;
  const whole = typeof total === "number" || total === undefined ? total : Number(valueAt(result, total));
  const most = whole ?? (of === undefined ? percent && 100 : Number(of));
  return {
    progress: Number(done),
    ...(typeof most === "number" && Number.isFinite(most) && { total: most }),
  };
}

/** A time of a list in ISO 8601: a text, or seconds or milliseconds since 1970. */
function timeText(value: unknown): string | undefined {
  // Seconds reach the 11th digit in the year 5138.
  const time =
    typeof value === "number" ? new Date(value < 1e11 ? value * 1_000 : value) : new Date(String(value));
  return typeof value === "number" || typeof value === "string"
    ? Number.isNaN(time.getTime())
      ? undefined
      : time.toISOString()
    : undefined;
}

function isInText(place: Place): boolean {
  return typeof place === "object";
}

function placeText(place: Place): string {
  if (typeof place === "function") return "that its function finds";
  if (typeof place === "string") return `at ${JSON.stringify(place)}`;
  return "after" in place ? `after ${JSON.stringify(place.after)}` : `before ${JSON.stringify(place.before)}`;
}
