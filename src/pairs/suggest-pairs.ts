import { isObject } from "../protocol/json.ts";
import type { JobArguments, Pair } from "./pair.ts";
import { statusOf } from "./status-words.ts";
import { idWords, readTools, type ToolWords, wordsOf } from "./tool-words.ts";

/** Several tools of a server that look like one task, for a person to confirm. */
export interface PairSuggestion {
  /** The name of the tool that would stand for them. */
  readonly name: string;
  /** A description to start from: what {@link toCheck} names is a guess. */
  readonly pair: Pair;
  /** `high`: names, schemas and descriptions agree. `low`: it may as well be a record with a status, such as an order. */
  readonly confidence: "high" | "low";
  /** What speaks for it and against it, the most telling first. */
  readonly reasons: readonly string[];
  /** The fields of `pair` that no schema confirms: try the tools, and see what they return. */
  readonly toCheck: readonly string[];
}

/** Words by which tools begin work, or make something. */
const STARTS = set(
  "start create submit launch run trigger begin enqueue queue request generate execute schedule kick invoke call insert " +
    "initiate dispatch perform make send place render train transcribe convert",
);
/** Words of tools that neither begin work nor return its status. */
const OTHERS = set(
  "update edit delete remove set add cancel stop abort kill terminate close list search upload download write move rename " +
    "complete approve pause resume restore archive",
);
const LOOKS = set(
  "get check poll query retrieve fetch describe show read inspect watch follow lookup find view",
);
const STATUS = set("status state progress");
const RESULTS = set("result output report log row download finding answer artifact");
const CANCELS = set("cancel stop abort kill terminate");
const FILLERS = set("by id the a an of for to and async in on with detail info");
/** What runs, and ends. */
const WORK = set(
  "job run export import crawl batch build deploy deployment prediction execution statement transcription transcript scan " +
    "render rendering generation operation backup training migration research conversion simulation evaluation sync " +
    "inference indexing analysis finetune",
);
/** What is kept, and may have a status for ever: a pair of tools makes it and reads it, and nothing runs. */
const RECORDS = set(
  "issue ticket page event file folder directory contact lead deal customer order payment invoice refund subscription " +
    "comment message conversation channel email mail meeting timer poll note card board project user account session " +
    "database table record document branch pull repository release label webhook automation script instance server machine " +
    "vm device todo product cart calendar thread entity node secret key policy reminder post article shipment parcel " +
    "booking reservation appointment quote form survey wallet alert incident case campaign course employee workspace " +
    "environment agent stream bucket network volume site app service container pod namespace",
);
const RECORD_ARGUMENTS = set(
  "title subject body assignee due priority label email phone price amount currency address",
);

/** From this score on a suggestion is `high`; below {@link LEAST} it is dropped. */
const HIGH = 6;
const LEAST = 3;
const MAX_SUGGESTIONS = 50;

/**
 * Proposes which tools of a list are one task: from names, schemas, descriptions and annotations. A server writes these, so
 * that a person confirms a suggestion before it is used.
 * @param definitions The tools as `tools/list` has them.
 * @returns The likeliest first.
 * @example
 * for (const { name, confidence, toCheck } of suggestPairs(tools)) console.log(confidence, name, toCheck);
 */
export function suggestPairs(definitions: readonly unknown[]): readonly PairSuggestion[] {
  const tools = readTools(definitions);
  const lookers = tools.filter(looks);
  const found = tools.filter(mayStart).flatMap((start) => {
    const [best] = lookers
      .flatMap((status) => (status === start ? [] : (weighed(start, status, tools) ?? [])))
      .sort((a, b) => b.score - a.score);
    return best && best.score >= LEAST ? [best] : [];
  });
  return found
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_SUGGESTIONS)
    .map((candidate) => suggestionOf(candidate, tools));
}

/** A start and a status tool, and what speaks for them. */
interface Candidate {
  readonly start: ToolWords;
  readonly status: ToolWords;
  /** The argument of the status tool that names the job. */
  readonly id: string;
  readonly score: number;
  readonly runs: boolean;
  readonly reasons: readonly string[];
}

function mayStart({ words, readOnly }: ToolWords): boolean {
  const [verb = ""] = words;
  if (readOnly === true || LOOKS.has(verb) || words.at(-1) === "check") return false;
  if (words.some((word) => STATUS.has(word))) return false;
  return STARTS.has(verb) || !words.some((word) => RESULTS.has(word) || OTHERS.has(word));
}

function looks({ words, readOnly }: ToolWords): boolean {
  const [verb = ""] = words;
  if (readOnly === false || OTHERS.has(verb) || STARTS.has(verb)) return false;
  const isNamed = words.some((word) => STATUS.has(word));
  if (!isNamed && words.some((word) => RESULTS.has(word))) return false;
  return isNamed || LOOKS.has(verb) || words.at(-1) === "check";
}

/** Two tools that are weighed, and what their names have in common. */
interface Couple {
  readonly start: ToolWords;
  readonly status: ToolWords;
  readonly tools: readonly ToolWords[];
  readonly id: string;
  /** What the id is of, by its own name. */
  readonly idNouns: readonly string[];
  readonly startNouns: readonly string[];
  readonly shared: readonly string[];
  readonly work: string | undefined;
  readonly record: string | undefined;
}

/** Something that speaks for a couple, or against it. */
interface Clue {
  readonly points: number;
  /** It connects the two: without any such clue they are strangers. */
  readonly links?: true;
  /** It shows that work runs: without any such clue a high score may be that of a record. */
  readonly runs?: true;
  /** Returns why it holds, or `undefined` if it does not. */
  why(couple: Couple): string | false | undefined;
}

const CLUES: readonly Clue[] = [
  {
    points: 4,
    links: true,
    runs: true,
    why: ({ start, status }) => mentions(start, status.name) && `${start.name} says to call ${status.name}`,
  },
  {
    points: 3,
    links: true,
    runs: true,
    why: ({ start, status }) => mentions(status, start.name) && `${status.name} speaks of ${start.name}`,
  },
  {
    points: 3,
    links: true,
    why({ start, status, id }) {
      const field = returnedAs(start, id);
      return field && `${start.name} returns ${field}, which ${status.name} takes`;
    },
  },
  {
    points: 2,
    links: true,
    runs: true,
    why: ({ start, id, idNouns }) =>
      returnedAs(start, id) === undefined &&
      saysThatItReturnsAnId(start, idNouns) &&
      `${start.name} says that it returns such an id`,
  },
  { points: 2, links: true, why: ({ shared }) => shared.length > 0 && `both are about ${shared.join(" ")}` },
  {
    points: 1.5,
    links: true,
    why: ({ start, id, idNouns, startNouns }) =>
      idNouns.some((noun) => startNouns.includes(noun)) && `${id} names what ${start.name} makes`,
  },
  {
    points: 2,
    runs: true,
    why: ({ start }) => start.says.runsOn && `${start.name} says that the work goes on after its reply`,
  },
  {
    points: 1.5,
    runs: true,
    why: ({ work }) => work !== undefined && `${article(work)} ${work} runs and ends`,
  },
  {
    points: 1.5,
    why: ({ status }) =>
      status.words.some((word) => STATUS.has(word)) && `${status.name} has a status in its name`,
  },
  {
    points: 3,
    runs: true,
    why: ({ status }) => hasStates(status) && `the result of ${status.name} has the states of a job`,
  },
  {
    points: 1,
    why: ({ status }) =>
      stateField(status) !== undefined && !hasStates(status) && `the result of ${status.name} has a status`,
  },
  {
    points: 1,
    why: ({ status }) => status.says.state && `${status.name} says that it returns a status`,
  },
  { points: 0.5, why: ({ status }) => status.readOnly === true && `${status.name} only reads` },
  {
    points: -4,
    why({ start, status, id }) {
      const unknown = status.required.filter((argument) => argument !== id && !start.takes.has(argument));
      return unknown.length > 0 && `${status.name} also needs ${unknown.join(" and ")}`;
    },
  },
  {
    points: -4,
    why: ({ work, record, idNouns }) =>
      record !== undefined &&
      (work === undefined || RECORDS.has(idNouns.at(-1) ?? "")) &&
      `${article(record)} ${record} is usually a record, and not work that ends`,
  },
  {
    points: -2,
    why({ tools, shared }) {
      const update = tools.find(
        ({ words: [verb = "", ...rest] }) =>
          /^(update|edit)$/.test(verb) && shared.some((noun) => rest.includes(noun)),
      );
      return update && `${update.name} changes it later, as one changes a record`;
    },
  },
  {
    points: -2,
    why({ start }) {
      const fields = [...start.takes].filter((argument) =>
        wordsOf(argument).some((word) => RECORD_ARGUMENTS.has(word)),
      );
      return fields.length > 0 && `${start.name} takes ${fields.join(", ")}, as for a record`;
    },
  },
  {
    points: -4,
    why: ({ start, status }) =>
      (start.says.people || status.says.people) && "the descriptions speak of work that people do",
  },
];

/** What a pair of tools has going for it; `undefined` if nothing connects them. */
function weighed(start: ToolWords, status: ToolWords, tools: readonly ToolWords[]): Candidate | undefined {
  // A start that takes the id does not make it: `start_instance` and `get_instance_status` are about the same machine.
  const id = status.required.find(
    (argument) => idWords(argument) !== undefined && !start.takes.has(argument),
  );
  if (id === undefined) return undefined;
  const idNouns = idWords(id) ?? [];
  const [startNouns, statusNouns] = [nounsOf(start), nounsOf(status)];
  const shared = statusNouns.filter((noun) => startNouns.includes(noun));
  const nouns = [...shared, ...idNouns, ...statusNouns];
  const work = nouns.find((noun) => WORK.has(noun));
  const record = nouns.find((noun) => RECORDS.has(noun));
  const couple: Couple = { start, status, tools, id, idNouns, startNouns, shared, work, record };
  const holding = CLUES.flatMap((clue) => {
    const why = clue.why(couple);
    return why ? [{ ...clue, why }] : [];
  });
  if (!holding.some(({ links }) => links)) return undefined;
  return {
    start,
    status,
    id,
    score: holding.reduce((sum, { points }) => sum + points, 0),
    runs: holding.some(({ runs }) => runs),
    reasons: holding.sort((a, b) => Math.abs(b.points) - Math.abs(a.points)).map(({ why }) => why),
  };
}

function suggestionOf(
  { start, status, id, score, runs, reasons }: Candidate,
  tools: readonly ToolWords[],
): PairSuggestion {
  const toCheck: string[] = [];
  const checked = (path: string, known: string | undefined, guess: string): string => {
    if (known === undefined) toCheck.push(path);
    return `/${known ?? guess}`;
  };
  const idField = Object.keys(start.returns).find(
    (field) => field === id || field === "id" || idWords(field) !== undefined,
  );
  const argumentsOf = (tool: ToolWords): JobArguments =>
    Object.fromEntries(
      tool.required.flatMap((argument): [string, string][] => {
        if (argument === id) return [[argument, "/id"]];
        return start.takes.has(argument) ? [[argument, `/arguments/${argument}`]] : [];
      }),
    );
  const sibling = (verbs: ReadonlySet<string>): ToolWords | undefined =>
    tools
      .filter((tool) => tool !== status && tool !== start && tool.required.includes(id))
      .filter(({ required }) => required.every((argument) => argument === id || start.takes.has(argument)))
      .filter(({ words }) => words.some((word) => verbs.has(word)))
      .sort((a, b) => common(b, status) - common(a, status))[0];
  const result = sibling(RESULTS);
  const cancel = sibling(CANCELS);
  const { returns } = status;
  const message = ["message", "statusMessage", "status_message"].find((field) =>
    Object.hasOwn(returns, field),
  );
  const progress = ["progress", "percent", "percentage"].find((field) => Object.hasOwn(returns, field));
  return {
    name: nameOf(start, tools),
    confidence: score >= HIGH && runs ? "high" : "low",
    reasons,
    pair: {
      start: { tool: start.name, id: checked("start.id", idField, id) },
      status: {
        tool: status.name,
        arguments: argumentsOf(status),
        status: checked("status.status", stateField(status), "status"),
        ...(message !== undefined && { message: `/${message}` }),
        ...(progress !== undefined && { progress: `/${progress}` }),
      },
      ...(result && { result: { tool: result.name, arguments: argumentsOf(result) } }),
      ...(cancel && { cancel: { tool: cancel.name, arguments: argumentsOf(cancel) } }),
    },
    toCheck,
  };
}

/** The name without its verb if that says what it is, as `export` for `start_export`; else the start tool's own. */
function nameOf({ name, words: [verb = "", ...rest] }: ToolWords, tools: readonly ToolWords[]): string {
  const short = rest.join("_");
  const says = STARTS.has(verb) && WORK.has(rest.at(-1) ?? "");
  return says && !tools.some((tool) => tool.name === short) ? short : name;
}

function nounsOf({ words }: ToolWords): readonly string[] {
  const general = [STARTS, LOOKS, OTHERS, STATUS, FILLERS];
  const nouns = words.filter((word) => WORK.has(word) || !general.some((one) => one.has(word)));
  const others = nouns.filter((word) => !RESULTS.has(word));
  // Of `get_scan_report`, the report is what comes of the scan; `request_report` is about a report.
  return others.length > 0 ? others : nouns;
}

function mentions({ description }: ToolWords, name: string): boolean {
  return name.length > 3 && description.includes(name);
}

/** The field of the start's result that has the name of the id. */
function returnedAs({ returns }: ToolWords, id: string): string | undefined {
  return Object.keys(returns).find((field) => wordsOf(field).join() === wordsOf(id).join());
}

/** Whether a description says so: "returns a run ID". */
function saysThatItReturnsAnId({ says: { returnsId } }: ToolWords, nouns: readonly string[]): boolean {
  return returnsId !== undefined && (nouns.length === 0 || nouns.some((noun) => returnsId.includes(noun)));
}

function stateField({ returns }: ToolWords): string | undefined {
  return ["status", "state", "phase"].find((field) => Object.hasOwn(returns, field));
}

/** Whether the states of the result are those of work: one of them is on the way, and another an end. */
function hasStates(tool: ToolWords): boolean {
  const field = stateField(tool);
  const schema = field === undefined ? undefined : tool.returns[field];
  const states = isObject(schema) && Array.isArray(schema.enum) ? schema.enum.slice(0, 50) : [];
  const meanings = new Set(states.map((state: unknown) => statusOf(state, undefined)));
  return meanings.has("working") && meanings.has("completed");
}

function common(a: ToolWords, b: ToolWords): number {
  return a.words.filter((word) => b.words.includes(word)).length;
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? "an" : "a";
}

function set(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}
