import { POLL_S, PRICES, TASK_S } from "../rows/durable-object/price.ts";

/** What was measured of one object or is published by Cloudflare. docs/scale.md says where each figure comes from. */
const MEASURED = {
  /** CPU of workerd for a poll, its share of the wake-up included, in s. */
  pollCpuS: 0.0026,
  /** How long an upstream takes to answer, in s, and how many requests of an object wait for an answer at once. */
  replyS: 0.1,
  connections: 6,
  /** Active tasks of an object with short arguments, by `shardBytes`. */
  tasksOfObject: 150,
  /** Rows of a task without messages. */
  rowsOfTask: 3,
  /** Requests that an object answers in a second (Cloudflare's soft limit). */
  objectRequestsS: 1_000,
  /** Requests that one request to a Worker may make (Cloudflare, paid plan). */
  subrequests: 1_000,
  /** Objects that sum the counts of all others, and how often each object reports at most, in s. */
  sums: 8,
  reportS: 1,
  /** Requests to the principal's directory for a started task. */
  directoryRequests: 1,
} as const;

/** How the active tasks of a deployment are spread. */
export interface Spread {
  readonly tasks: number;
  /** Active tasks of one principal at one endpoint. */
  readonly ofPrincipal: number;
}

export interface Estimate {
  readonly objects: number;
  readonly pollsS: number;
  /** CPU seconds in a second, over all objects. */
  readonly cores: number;
  readonly rowsWrittenS: number;
  /** How long one round of polls of an object takes, in s. Beyond the interval the polls fall behind. */
  readonly roundS: number;
  /** Reports in a second to one of the objects that sum the counts. */
  readonly reportsOfSumS: number;
  /** Requests in a second to the directory of one principal. */
  readonly directoryS: number;
  /** Objects that a list of one principal asks. */
  readonly objectsOfList: number;
  /** A month of it, in USD, at the prices of `bench/rows/durable-object/price.ts`. */
  readonly monthUsd: number;
  /** What is beyond its limit, the furthest first. */
  readonly broken: readonly string[];
}

const MONTH_S = 30 * 86_400;
/** An object is billed for 128 MB. */
const GB = 0.128;

/** What so many active tasks ask of a deployment: each takes `TASK_S` and is polled every `POLL_S`. */
export function estimate({ tasks, ofPrincipal }: Spread): Estimate {
  const m = MEASURED;
  const principals = Math.ceil(tasks / ofPrincipal);
  const objectsOfList = Math.ceil(ofPrincipal / m.tasksOfObject);
  const objects = principals * objectsOfList;
  const inObject = tasks / objects;
  const startsS = tasks / TASK_S;
  const roundS = Math.ceil(inObject / m.connections) * m.replyS;
  const wakeUpsS = objects / Math.max(POLL_S, roundS);
  const pollsS = Math.min(tasks / POLL_S, (objects * m.connections) / m.replyS);
  const rowsWrittenS = startsS * m.rowsOfTask + wakeUpsS;
  const reportsS = Math.min(wakeUpsS, objects / m.reportS);
  const reportsOfSumS = reportsS / m.sums;
  const directoryS = (startsS * m.directoryRequests) / principals;
  const requestsS = startsS * 3 + wakeUpsS + reportsS;
  const awake = Math.min(1, roundS / POLL_S);
  const monthUsd =
    MONTH_S *
    (startsS * PRICES.workerRequest +
      requestsS * PRICES.objectRequest +
      rowsWrittenS * PRICES.rowWritten +
      objects * awake * GB * PRICES.gbSecond);
  const loads: readonly (readonly [name: string, share: number])[] = [
    ["the sums of the metrics", reportsOfSumS / m.objectRequestsS],
    ["the directory of a principal", directoryS / m.objectRequestsS],
    ["six waiting connections", roundS / POLL_S],
    ["lists of a principal", objectsOfList / m.subrequests],
  ];
  const broken = loads
    .filter(([, share]) => share > 1)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => `${name} (${Number(share.toPrecision(2)).toLocaleString("en")} times)`);
  return {
    objects,
    pollsS,
    cores: pollsS * m.pollCpuS,
    rowsWrittenS,
    roundS,
    reportsOfSumS,
    directoryS,
    objectsOfList,
    monthUsd,
    broken,
  };
}
