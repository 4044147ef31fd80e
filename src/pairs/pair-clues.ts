import { isObject } from "../protocol/json.ts";
import { statusOf } from "./status-words.ts";
import { nounsOf, RECORD_ARGUMENTS, RECORDS, STATUS, WORK } from "./tool-vocabulary.ts";
import { idWords, type ToolWords, wordsOf } from "./tool-words.ts";

/** A start and a status tool, and what speaks for them. */
export interface Candidate {
  readonly start: ToolWords;
  readonly status: ToolWords;
  /** The argument of the status tool that names the job. */
  readonly id: string;
  readonly score: number;
  readonly runs: boolean;
  readonly reasons: readonly string[];
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
export function weighed(
  start: ToolWords,
  status: ToolWords,
  tools: readonly ToolWords[],
): Candidate | undefined {
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

/** The field of a tool's result that has the name of a status. */
export function stateField({ returns }: ToolWords): string | undefined {
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

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? "an" : "a";
}
