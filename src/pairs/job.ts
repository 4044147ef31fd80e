import { parsedJson } from "../protocol/json.ts";
import { MalformedReplyError } from "../protocol/task-reading.ts";
import { atPointer } from "./json-pointer.ts";
import type { JobArguments, Pair } from "./pair.ts";

type Scalar = string | number | boolean;

/** A job of a server, and what else its tools need: the values by their pointers in {@link JobArguments}. */
export interface Job {
  readonly pair: string;
  readonly id: string | number;
  readonly known: Readonly<Record<string, Scalar>>;
}

const ID = "/id";

/** What a job is made of: see {@link JobArguments}. */
export interface JobSource {
  readonly id: string | number;
  readonly arguments: unknown;
  readonly reply: unknown;
}

/** The job, with everything that later calls about it need. Throws a MalformedReplyError where that is missing. */
export function jobOf(name: string, { status, result, cancel }: Pair, source: JobSource): Job {
  const wanted = [status, result, cancel].flatMap((tool) => Object.values(tool?.arguments ?? {}));
  const known: Record<string, Scalar> = {};
  for (const pointer of wanted) {
    if (typeof pointer !== "string" || pointer === ID) continue;
    const value = atPointer(source, pointer);
    // An optional argument of the start that was not given is not given here.
    if (value === undefined || value === null) continue;
    if (!isScalar(value))
      throw new MalformedReplyError(`${name}: ${pointer} is not a text, number or boolean`);
    known[pointer] = value;
  }
  return { pair: name, id: source.id, known };
}

/** The id of the task, from which {@link readJob} makes the job again: in a later process nothing else is known of it. */
export function taskIdOf({ pair, id, known }: Job): string {
  const plain = typeof id === "string" && !id.startsWith("[") && Object.keys(known).length === 0;
  return `${pair}/${plain ? id : JSON.stringify([id, known])}`;
}

export function readJob(taskId: string): Job {
  const slash = taskId.indexOf("/");
  const pair = taskId.slice(0, slash);
  const rest = taskId.slice(slash + 1);
  const made: unknown = rest.startsWith("[") ? parsedJson(rest) : undefined;
  if (!Array.isArray(made)) return { pair, id: rest, known: {} };
  return { pair, id: made[0], known: made[1] };
}

/** The arguments of a call about a job. */
export function argumentsFor({ id, known }: Job, wanted: JobArguments): Readonly<Record<string, Scalar>> {
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([name, from]): [string, Scalar][] => {
      const value = typeof from !== "string" ? from.value : from === ID ? id : known[from];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function isScalar(value: unknown): value is Scalar {
  if (typeof value === "string") return value.length <= 1_000;
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}
