import { waitUntil } from "cloudflare:workers";
import type { Connector, JsonObject, TaskRecord, TaskView, TraceContext } from "holdfast";
import { callLent, type LentTool } from "holdfast/durable-object";
import { endpointOf } from "../config/endpoints.ts";
import { limitsOf } from "../config/limits.ts";
import { taskIdOf } from "../directory/task-id.ts";
import { UuidV7Source } from "../directory/uuid-v7.ts";
import type { ToolLease } from "../group/gateway-group-rpc.ts";
import { LENT_CALL_MS, LENT_MS } from "../group/lent-tools.ts";
import { statelessConnectorTo } from "../group/upstream.ts";
import { Counters } from "../operations/counters.ts";
import { RecentMap } from "../recent-map.ts";
import type { CallerEndpoint } from "./caller.ts";

/** The longest arguments of a lent call, and the longest result of one that leaves no record, as JSON in characters. */
const SHORT = 4_000;
/** How many endpoints of principals are remembered, the latest. */
const MOST_LOANS = 10_000;
/** The share of a loan that is left when a call asks for the next one. */
const RENEWED_AT = 1 / 4;
/** How often calls are reported to the group of an endpoint at least, in ms. */
const REPORT_MS = 1_000;

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

/** How many calls were made that no report counted yet, and when the next report was planned, in ms since 1970. */
interface Unreported {
  calls: number;
  readonly plannedAt: number;
}

/** What became of a lent call. */
interface LentAnswer {
  readonly view: TaskView;
  /** The record, unless the group has stored it. */
  readonly unstored: TaskRecord | undefined;
}

const loans = new RecentMap<string, Loan>(MOST_LOANS);
const unreported = new Map<string, Unreported>();
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
  loans.set(name, {
    calls: left,
    size: left,
    isRenewed: false,
    until: now + LENT_MS,
    tools: tools.set(tool, lent),
    held: new Set(held),
  });
}

/** A client may return to this call: it is the group's from now on. */
export function isHeldNow(at: CallerEndpoint, key: string): void {
  loans.get(nameOf(at))?.held.add(key);
}

/**
 * Makes a call of a lent tool. Returns its task with the result; `undefined` if the call is the group's, or came to anything but a quick
 * result: then the group makes it, if need be once more, which the tool declares to be safe. A short result leaves no record: its client
 * has it, and may call again.
 * @param keyOf Names what is called.
 */
export async function lentCall(
  at: CallerEndpoint,
  { tool, arguments: args, trace }: LendableCall,
  keyOf: () => Promise<string>,
): Promise<LentAnswer | undefined> {
  const name = nameOf(at);
  const loan = loans.get(name);
  const lent = loan?.tools.get(tool);
  const now = Date.now();
  if (!loan || !lent || loan.calls <= 0 || now >= loan.until) return undefined;
  if (loan.held.size > 0 && loan.held.has(await keyOf())) return undefined;
  if (loan.calls <= loan.size * RENEWED_AT && !loan.isRenewed) {
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
  noteMade(at, name, now);
  // The rest of a long result is read from its task.
  const isLong = JSON.stringify(record.outcome).length > SHORT;
  if (isLong) await stored(at, [record]);
  return { view, unstored: isLong ? undefined : record };
}

/** Returns how many calls were made here that no report counted yet. The caller reports them. */
export function takeMade(at: CallerEndpoint): number {
  const report = unreported.get(nameOf(at));
  if (!report) return 0;
  const { calls } = report;
  report.calls = 0;
  return calls;
}

/** Resolves when the group has stored these calls that were made here, and counted all. */
export async function stored(at: CallerEndpoint, records: readonly TaskRecord[]): Promise<void> {
  const made = takeMade(at);
  if (made > 0 || records.length > 0)
    await at.first.lentCalls(at.identity(0), { records, made, counts: counters.take() ?? {} });
}

function noteMade(at: CallerEndpoint, name: string, now: number): void {
  const report = unreported.get(name);
  if (report) report.calls += 1;
  // The request that was to report may have been cut off.
  if (report && now < report.plannedAt + 2 * REPORT_MS) return;
  unreported.set(name, { calls: report?.calls ?? 1, plannedAt: now });
  waitUntil(
    scheduler.wait(REPORT_MS).then(() => {
      const sent = stored(at, []);
      unreported.delete(name);
      return sent;
    }),
  );
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
