import { isObject, type JsonObject } from "../protocol/json.ts";
import type { WireStatus } from "../protocol/task-snapshot.ts";
import { isPointer } from "./json-pointer.ts";
import type { Pairs } from "./pair.ts";
import { plainWord } from "./status-words.ts";

/** A description of pairs that is not one. `path` names the field, such as `export.status.tool`. */
export class PairsError extends TypeError {
  override readonly name = "PairsError";
  readonly path: string;
  /** What is wrong with the field. */
  readonly problem: string;

  constructor(path: string, problem: string) {
    super(path === "" ? `pairs ${problem}` : `pairs: ${path} ${problem}`);
    this.path = path;
    this.problem = problem;
  }
}

/** Throws a PairsError for a value that does not fit. */
type Check = (value: unknown, path: string) => void;

const MAX_INTERVAL_MS = 3_600_000;
const NAME = /^[\w.-]{1,128}$/;
const STATUSES: readonly WireStatus[] = ["working", "completed", "failed", "cancelled", "input_required"];

/**
 * Reads a description of pairs, in code or from a configuration in JSON. Unknown fields are mistakes, too.
 * @throws PairsError that names the first field that is wrong.
 * @example
 * const pairs = readPairs(JSON.parse(text)); // throws a PairsError that names the wrong field
 */
export function readPairs(value: unknown): Pairs {
  record(PAIR, NAME, "must be 1 to 128 letters, digits, _, . or -")(value, "");
  return value as Pairs;
}

const named =
  (what: string): Check =>
  (value, path) => {
    if (typeof value !== "string" || value === "") fail(path, `must be the name of ${what}`);
  };

const tool = named("a tool");

const pointer: Check = (value, path) => {
  if (typeof value !== "string" || !isPointer(value)) fail(path, 'must be a JSON Pointer, such as "/job/id"');
};

const place: Check = (value, path) => {
  if (typeof value === "function") return;
  if (typeof value === "string") return pointer(value, path);
  const [[kind, words] = [], ...more] = isObject(value) ? Object.entries(value) : [];
  const fits = (kind === "after" || kind === "before") && typeof words === "string" && words.trim() !== "";
  if (!fits || more.length > 0)
    fail(path, 'must be a JSON Pointer, { "after": "words" } or { "before": "words" }');
};

const fixed: Check = (value, path) => {
  const given = isObject(value) && Object.keys(value).length === 1 ? value.value : undefined;
  if (!isScalar(given)) fail(path, 'must be { "value": a text, number or boolean }');
};

const fixedArguments = record(fixed);

const jobArguments: Check = (value, path) => {
  record((entry, at) => {
    if (typeof entry !== "string") return fixed(entry, at);
    if (!/^\/(id$|(arguments|reply)\/)/.test(entry) || !isPointer(entry))
      fail(at, 'must be "/id", or a JSON Pointer that begins with /arguments/ or /reply/');
  })(value, path);
  if (!Object.values(value as JsonObject).includes("/id"))
    fail(path, 'must pass the id of the job: { "job_id": "/id" }');
};

const word: Check = (value, path) => {
  if (!isScalar(value)) fail(path, "must be a text, number or boolean");
};

const words: Check = (value, path) => {
  record((said, at) => {
    if (!Array.isArray(said)) fail(at, "must be a list");
    for (const [index, one] of (said as readonly unknown[]).entries()) word(one, `${at}.${index}`);
  })(value, path);
  const seen = new Map<string, string>();
  for (const [status, said] of Object.entries(value as Readonly<Record<string, readonly string[]>>)) {
    if (!STATUSES.includes(status as WireStatus))
      fail(`${path}.${status}`, `must be one of ${STATUSES.join(", ")}`);
    for (const one of said) {
      const other = seen.get(plainWord(one));
      if (other !== undefined) fail(`${path}.${status}`, `has a word that ${other} has, too`);
      seen.set(plainWord(one), status);
    }
  }
};

const interval: Check = (value, path) => {
  if (typeof value !== "number" || !(value > 0 && value <= MAX_INTERVAL_MS))
    fail(path, `must be a number of ms from 1 to ${MAX_INTERVAL_MS}`);
};

const status: Check = (value, path) => {
  fields(
    {
      tool,
      arguments: jobArguments,
    },
    {
      status: place,
      absent(one, at) {
        if (!STATUSES.includes(one as WireStatus)) fail(at, `must be one of ${STATUSES.join(", ")}`);
      },
      message: place,
      error: place,
      progress: place,
      total: (one, at) => (typeof one === "number" ? undefined : place(one, at)),
      result: place,
    },
  )(value, path);
  const { status: where, absent } = value as JsonObject;
  if (where === undefined && absent === undefined)
    fail(
      `${path}.status`,
      "is missing: say where the status lies, or what a result without one means (absent)",
    );
};

const PAIR: Check = fields(
  { start: fields({ tool, id: place }, { arguments: fixedArguments }), status },
  {
    result: fields({ tool, arguments: jobArguments }, { result: place }),
    cancel: fields({ tool, arguments: jobArguments }, {}),
    list: fields(
      { tool, jobs: place, id: pointer, createdAt: pointer },
      {
        arguments: fixedArguments,
        cursor: fields({ argument: named("an argument"), next: place }, {}),
        match: record(pointer),
      },
    ),
    words,
    intervalMs: interval,
    description(value, path) {
      if (typeof value !== "string") fail(path, "must be a text");
    },
    keepTools(value, path) {
      if (typeof value !== "boolean") fail(path, "must be true or false");
    },
  },
);

/** An object with these fields and no others. */
function fields(required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isObject(value)) fail(path, "must be an object");
    for (const name of Object.keys(required))
      if ((value as JsonObject)[name] === undefined) fail(`${path}.${name}`, "is missing");
    for (const [name, inner] of Object.entries(value as JsonObject)) {
      const check = Object.hasOwn(required, name)
        ? required[name]
        : Object.hasOwn(optional, name) && optional[name];
      if (!check) fail(`${path}.${name}`, "is not a field of it");
      else if (inner !== undefined) check(inner, `${path}.${name}`);
    }
  };
}

/** An object whose names are free, or of a form. */
function record(check: Check, form?: RegExp, formText = ""): Check {
  return (value, path) => {
    if (!isObject(value)) fail(path, "must be an object");
    for (const [name, inner] of Object.entries(value as JsonObject)) {
      const at = path === "" ? name : `${path}.${name}`;
      if (form && !form.test(name)) fail(at, formText);
      check(inner, at);
    }
  };
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function fail(path: string, problem: string): never {
  throw new PairsError(path, problem);
}
