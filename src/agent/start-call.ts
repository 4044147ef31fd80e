import { type JsonObject, sameJson } from "../protocol/json.ts";
import { RecentSet } from "../recent-set.ts";
import type { Task } from "../task.ts";
import type { TaskClientApi } from "../task-client-api.ts";
import type { AgentContext } from "./options.ts";
import type { ToolOrigin } from "./tool-names.ts";

/** How long a call may take to leave, whatever the budget: a server may have to be connected to first. In ms. */
const LEAVE_WITHIN_MS = 10_000;
/** How many calls of a client are remembered as claimed, while their servers do not answer. */
const MOST_CLAIMED = 10_000;

export interface StartOptions {
  readonly budgetMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The calls that are out and have somebody who made them, by client: several sets of tools may share
 * one, and none must take another's.
 */
const CLAIMED = new WeakMap<TaskClientApi, Set<string>>();

/**
 * Makes the call, and gives its task: when the server has answered, or when the budget is spent and
 * the call is out. `undefined` when it could not be sent: then it is not sent later either. Throws what
 * `callTool` throws.
 */
export async function startCall(
  context: AgentContext<TaskClientApi>,
  { endpoint, tool }: ToolOrigin,
  args: JsonObject,
  { budgetMs, signal }: StartOptions,
): Promise<Task | undefined> {
  const { client, clock, held } = context;
  const claimed = CLAIMED.get(client) ?? new RecentSet(MOST_CLAIMED);
  CLAIMED.set(client, claimed);
  const waiting = new AbortController();
  let out: Task | undefined;
  let noticed: (() => void) | undefined;
  const take = (task: Task): void => {
    const { view } = task;
    const same = view.endpoint === endpoint && view.tool === tool && sameJson(view.arguments, args);
    if (out || !same || view.status !== "calling" || claimed.has(task.id)) return;
    // Of two calls that are the same in everything, each takes one.
    claimed.add(task.id);
    held.hold(task);
    out = task;
    noticed?.();
  };
  const unsubscribe = client.subscribe(take);
  const signals = signal ? [signal, waiting.signal] : [waiting.signal];
  const answered = client.callTool(endpoint, tool, args, { signal: AbortSignal.any(signals) });
  const budget = new Timeout(clock, budgetMs);
  const patience = new Timeout(clock, Math.max(budgetMs, LEAVE_WITHIN_MS));
  try {
    const first = await Promise.race([answered, budget.passed]);
    if (first) return first;
    const isOut = new Promise<void>((resolve) => {
      noticed = resolve;
      if (out) resolve();
    });
    const second = await Promise.race([answered, isOut, patience.passed]);
    if (second) return second;
    waiting.abort(new Error("Not waited for any longer"));
    // A client that announces no calls still lists them.
    if (!out) for (const task of [...(await client.list())].reverse()) take(task);
    return out;
  } finally {
    answered.catch(() => undefined);
    unsubscribe();
    if (out && out.view.status !== "calling") claimed.delete(out.id);
    budget.stop();
    patience.stop();
  }
}

class Timeout {
  readonly passed: Promise<undefined>;
  readonly stop: () => void;

  constructor(clock: AgentContext["clock"], ms: number) {
    let stop: () => void = () => undefined;
    this.passed = new Promise((resolve) => {
      stop = clock.after(ms, () => resolve(undefined));
    });
    this.stop = stop;
  }
}
