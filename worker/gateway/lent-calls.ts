import { waitUntil } from "cloudflare:workers";
import type { Connector, JsonObject, TaskRecord, TaskView, TraceContext } from "holdfast";
import { callLent, type LentTool } from "holdfast/durable-object";
import { endpointOf } from "../config/endpoints.ts";
import { limitsOf } from "../config/limits.ts";
import { taskIdOf } from "../directory/task-id.ts";
import { UuidV7Source } from "../directory/uuid-v7.ts";
import { GATHER_MS } from "../group/gateway-calls.ts";
import type { ToolLease } from "../group/gateway-group-rpc.ts";
import { LENT_CALL_MS, LENT_MS } from "../group/lent-tools.ts";
import { statelessConnectorTo } from "../group/upstream.ts";
import { Counters } from "../operations/counters.ts";
import type { CallerEndpoint } from "./caller.ts";

/** The longest arguments of a lent call and the longest result that is stored after the reply, as JSON in characters. */
const SHORT = 4_000;
/** How many endpoints of principals are remembered, the latest. */
const MOST_LOANS = 10_000;
/** How many records of an endpoint wait to be stored together. */
const MOST_WAITING = 200;

interface LendableCall {
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly trace?: TraceContext | undefined;
}

/** What the group of an endpoint has lent to this isolate. */
interface Loan {
  calls: number;
  /** How many calls there were when the group last lent some. */
  readonly size: number;
  /** A call of the group is under way that may bring more: the others need not wait for it. */
  isRenewed: boolean;
  readonly until: number;
  readonly tools: Map<string, LentTool>;
  /** What is called in calls that clients may return to. */
  readonly held: Set<string>;
}

/** Records that wait to be stored, and since when, in ms since 1970. */
interface Waiting {
  readonly since: number;
  readonly records: TaskRecord[];
}

const loans = new Map<string, Loan>();
const waiting = new Map<string, Waiting>();
const uuids = new UuidV7Source();
const counters = new Counters();
const connectors = new WeakMap<object, Map<string, Connector>>();

/** How many calls this isolate may still make on an endpoint by itself. */
export function spareCalls(at: CallerEndpoint): number {
  const loan = loans.get(nameOf(at));
  return loan && Date.now() < loan.until ? loan.calls : 0;
}

/** The group lends a tool, and further calls with it. */
export function borrowed(at: CallerEndpoint, tool: string, { lent, calls, held }: ToolLease): void {
  const name = nameOf(at);
  const now = Date.now();
  const known = loans.get(name);
  const isCurrent = known !== undefined && now < known.until;
  const tools = isCurrent ? known.tools : new Map<string, LentTool>();
  const left = (isCurrent ? known.calls : 0) + calls;
  loans.delete(name);
  loans.set(name, {
    calls: left,
    size: left,
    isRenewed: false,
    until: now + LENT_MS,
    tools: tools.set(tool, lent),
    held: new Set(held),
  });
  const [oldest] = loans.keys();
  if (loans.size > MOST_LOANS && oldest !== undefined) loans.delete(oldest);
}

/** A client may return to this call: it is the group's from now on. */
export function isHeldNow(at: CallerEndpoint, key: string): void {
  loans.get(nameOf(at))?.held.add(key);
}

/**
 * Makes a call of a lent tool. Returns its task with the result; `undefined` if the call is the group's, or came to anything but a quick
 * result: then the group makes it, if need be once more, which the tool declares to be safe.
 * @param keyOf Names what is called.
 */
export async function lentCall(
  at: CallerEndpoint,
  { tool, arguments: args, trace }: LendableCall,
  keyOf: () => Promise<string>,
): Promise<TaskView | undefined> {
  const name = nameOf(at);
  const loan = loans.get(name);
  const lent = loan?.tools.get(tool);
  const now = Date.now();
  if (!loan || !lent || loan.calls <= 0 || now >= loan.until) return undefined;
  if (loan.held.size > 0 && loan.held.has(await keyOf())) return undefined;
  if (loan.calls <= loan.size / 2 && !loan.isRenewed) {
    loan.isRenewed = true;
    return undefined;
  }
  const connector = JSON.stringify(args).length <= SHORT ? connectorOf(at) : undefined;
  if (!connector) return undefined;
  loan.calls -= 1;
  const settled = await callLent(connector, lent, {
    id: taskIdOf({ endpoint: at.name, shard: 0 }, uuids.next(now)),
    arguments: args,
    timeoutMs: LENT_CALL_MS,
    maxResultLength: limitsOf(at.caller.env).resultBytes,
    trace,
  });
  if (!settled) {
    loan.tools.delete(tool);
    return undefined;
  }
  const { record, view } = settled;
  const { records, since } = waiting.get(name) ?? { records: [], since: 0 };
  records.push(record);
  // The rest of a long result is read from its task.
  if (JSON.stringify(record.outcome).length > SHORT || records.length >= MOST_WAITING) {
    waiting.set(name, { records, since });
    await stored(at);
  } else if (records.length === 1 || now > since + 2 * GATHER_MS) {
    // The request that was to store them may have been cut off.
    waiting.set(name, { records, since: now });
    waitUntil(scheduler.wait(GATHER_MS).then(() => stored(at)));
  }
  return view;
}

/** Resolves when the group has stored the calls that were made here. */
export async function stored(at: CallerEndpoint): Promise<void> {
  const name = nameOf(at);
  const { records } = waiting.get(name) ?? {};
  waiting.delete(name);
  if (records) await at.first.lentCalls(at.identity(0), records, counters.take() ?? {});
}

function nameOf({ caller, name }: CallerEndpoint): string {
  return JSON.stringify([caller.principal, name]);
}

/** Made once: it holds the configuration, and no connection. */
function connectorOf({ caller: { env }, name }: CallerEndpoint): Connector | undefined {
  const made = connectors.get(env) ?? new Map<string, Connector>();
  connectors.set(env, made);
  const config = made.has(name) ? undefined : endpointOf(env, name);
  if (config) made.set(name, statelessConnectorTo(config, env, counters));
  return made.get(name);
}
