import type { JobArguments, Pair } from "./pair.ts";
import { type Candidate, stateField, weighed } from "./pair-clues.ts";
import { CANCELS, mayReturnStatus, mayStart, RESULTS, STARTS, WORK } from "./tool-vocabulary.ts";
import { idWords, readTools, type ToolWords } from "./tool-words.ts";

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
  const lookers = tools.filter(mayReturnStatus);
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

function common(a: ToolWords, b: ToolWords): number {
  return a.words.filter((word) => b.words.includes(word)).length;
}
