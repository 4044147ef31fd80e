import type { DurableTasks } from "holdfast/durable-object";
import { RecentMap } from "../recent-map.ts";
import type { CallLease } from "./call-lease.ts";
import type { ToolLease } from "./gateway-group-rpc.ts";
import type { HeldCalls } from "./held-calls.ts";

/** How long an isolate may make calls of a tool before it asks the group again, in ms. */
export const LENT_MS = 10_000;
/** How long a lent call may take, in ms: less than the first look at the call that the group then makes. */
export const LENT_CALL_MS = 450;
/** A call that took longer was slow: its tool is not lent for a minute, since an isolate would give up and have it made again. In ms. */
const SLOW_MS = 60_000;
/** How many calls an isolate has at most, and how many stored waits its loan names. */
const MOST_CALLS = 128;
const MOST_HELD = 64;
/** How many tools are remembered. */
const MOST_TOOLS = 1_000;

export interface LentToolsOptions {
  readonly lease: CallLease;
  readonly held: () => HeldCalls;
  /** Whether isolates can reach the endpoint's server by its configuration alone. */
  readonly isReachable: () => boolean;
}

/**
 * Lends tools to isolates, which then make plain calls of them without asking the group: of tools that declare to be safe to repeat
 * (`readOnlyHint`, `idempotentHint`), whose calls have been quick, and that are in use. The calls that an isolate may make come out of
 * the group's own lease, so that the limits hold.
 */
export class LentTools {
  readonly #options: LentToolsOptions;
  /** When each tool was last called, and until when it counts as slow, in ms since 1970. */
  readonly #tools: Map<string, { readonly calledAt: number; readonly slowUntil: number }> = new RecentMap(
    MOST_TOOLS,
  );
  /** Calls that isolates may have in flight, until when. */
  #calls = 0;
  #until = 0;

  constructor(options: LentToolsOptions) {
    this.#options = options;
  }

  /**
   * A call of a tool has ended. Returns what an isolate needs to make the next ones.
   * @param tookMs How long the call took, in ms.
   * @param spare How many calls the isolate may still make.
   */
  async lend(
    tasks: DurableTasks,
    {
      id,
      tool,
      tookMs,
      spare,
    }: { readonly id: string; readonly tool: string; readonly tookMs: number; readonly spare: number },
  ): Promise<ToolLease | undefined> {
    const now = Date.now();
    const { calledAt = 0, slowUntil = 0 } = this.#tools.get(tool) ?? {};
    this.#tools.set(tool, { calledAt: now, slowUntil: tookMs > LENT_CALL_MS ? now + SLOW_MS : slowUntil });
    // What is called once in a while is no use to an isolate, and would take calls from the limits.
    if (tookMs > LENT_CALL_MS || now < slowUntil || now >= calledAt + LENT_MS) return undefined;
    const { lease, held, isReachable } = this.#options;
    const keys = isReachable() ? held().keys(MOST_HELD) : undefined;
    const lent = keys && (await tasks.lend(id));
    if (!lent) return undefined;
    const calls = lease.lend(MOST_CALLS - Math.max(0, spare));
    this.#calls = (now < this.#until ? this.#calls : 0) + calls;
    this.#until = now + LENT_MS;
    return { lent, calls, held: keys };
  }

  /** Isolates have made some of the calls. */
  made(calls: number): void {
    this.#calls = Math.max(0, this.#calls - calls);
  }

  /** How many calls isolates may have in flight. */
  inFlight(now: number): number {
    return now < this.#until ? this.#calls : 0;
  }
}
