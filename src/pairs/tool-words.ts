import { isObject, type JsonObject } from "../protocol/json.ts";

/** A tool of a list, as far as suggestions look at it. */
export interface ToolWords {
  readonly name: string;
  /** The words of its name, in lower case and singular, without a prefix that all tools share. */
  readonly words: readonly string[];
  readonly description: string;
  readonly says: Says;
  readonly required: readonly string[];
  readonly takes: ReadonlySet<string>;
  /** The fields of its structured results. */
  readonly returns: JsonObject;
  readonly readOnly: boolean | undefined;
}

/** What a description says, read once. */
export interface Says {
  /** The work goes on after the reply. */
  readonly runsOn: boolean;
  /** Of a status, or of progress. */
  readonly state: boolean;
  /** Of what people do, and not the server. */
  readonly people: boolean;
  /** The words before "id" in "returns a run ID". */
  readonly returnsId: readonly string[] | undefined;
}

const PEOPLE =
  /\b(posting|candidate|applicant|hiring|vacanc(y|ies)|employment|cron|to-?do|assignee|due date|reminder)\b/i;
const RUNS_ON =
  /\basync|\bbackground\b|\blong.running\b|\bimmediately\b|\bat once\b|\btakes?\b[^.]{0,40}\b(seconds|minutes|hours)\b|\bpoll\b|\bwithin \d+ hours\b/i;
const STATE = /\b(status|progress|state|running|finished|completed|succeeded|queued|how far)\b/i;

/** Each start is weighed against each status tool. */
const MAX_TOOLS = 300;
const MAX_TEXT = 2_000;

/** Reads the definitions of `tools/list`. Those that are not tools are left out. */
export function readTools(definitions: readonly unknown[]): readonly ToolWords[] {
  const tools = definitions.slice(0, MAX_TOOLS).filter(isObject);
  const split = tools.map(({ name }) => wordsOf(typeof name === "string" ? name.slice(0, 200) : ""));
  const [prefix] = split[0] ?? [];
  const shared = split.length > 2 && split.every((words) => words.length > 1 && words[0] === prefix);
  return tools.flatMap(({ name, description, inputSchema, outputSchema, annotations }, at) => {
    if (typeof name !== "string" || name === "") return [];
    const words = (split[at] ?? []).slice(shared ? 1 : 0);
    const { required } = isObject(inputSchema) ? inputSchema : {};
    const takes = Object.keys(propertiesOf(inputSchema));
    const hint = isObject(annotations) ? annotations.readOnlyHint : undefined;
    const text = typeof description === "string" ? description.slice(0, MAX_TEXT) : "";
    return [
      {
        name,
        words,
        description: text,
        says: saidIn(text),
        // Some servers mark nothing as required, not even an id.
        required: Array.isArray(required) ? required.filter((one) => typeof one === "string") : takes,
        takes: new Set(takes),
        returns: propertiesOf(outputSchema),
        readOnly: typeof hint === "boolean" ? hint : undefined,
      },
    ];
  });
}

function saidIn(text: string): Says {
  const [, returned] = /\breturns?\b([^.;]{0,80}?\bids?\b)/i.exec(text) ?? [];
  return {
    runsOn: RUNS_ON.test(text),
    state: STATE.test(text),
    people: PEOPLE.test(text),
    returnsId: returned === undefined ? undefined : wordsOf(returned),
  };
}

/** The words of a name in any style: `getCrawlJobs`, `get-crawl-job`, `crawl.get_job`. */
export function wordsOf(name: string): readonly string[] {
  const words =
    name
      .replace(/([a-z\d])([A-Z])/g, "$1 $2")
      .toLowerCase()
      .match(/[a-z\d]+/g) ?? [];
  return words.map(singular);
}

function singular(word: string): string {
  return word.length > 3 && /[^sui]s$/.test(word) ? word.slice(0, -1) : word;
}

function propertiesOf(schema: unknown): JsonObject {
  return isObject(schema) && isObject(schema.properties) ? schema.properties : {};
}

/** Whether an argument names something by an id; the words before it say what: `job_id`, `runId`, `build_number`, `id`. */
export function idWords(argument: string): readonly string[] | undefined {
  const words = wordsOf(argument);
  return /^(id|uuid|guid|number|handle|key|token|name)$/.test(words.at(-1) ?? "")
    ? words.slice(0, -1)
    : undefined;
}
