import type { DurableTasks } from "holdfast/durable-object";
import type { AdmissionAsk } from "../directory/principal-directory-rpc.ts";
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
/** How long calls may wait to be lent, in ms: they count for the minute in which the directory counted them. */
const POOLED_MS = 30_000;
/** How long the directory is not asked again that had no calls to lend, in ms: the limits are half used. */
const NONE_LEFT_MS = 1_000;
/** How many calls an isolate has at most, and how many stored waits its loan names. */
const MOST_CALLS = 512;
const MOST_HELD = 64;
/** How many tools are remembered. */
const MOST_TOOLS = 1_000;

export interface LentToolsOptions {
  readonly lease: CallLease;
  readonly held: () => HeldCalls;
  /** Whether isolates can reach the endpoint's server by its configuration alone. */
  readonly isReachable: () => boolean;
}

/** A call that the group has made for an isolate. */
export interface EndedCall {
  readonly id: string;
  readonly tool: string;
  readonly admission: AdmissionAsk;
  /** How long the call took, in ms. */
  readonly tookMs: number;
  /** How many calls the isolate may still make. */
  readonly spare: number;
}

/**
 * Lends tools to isolates, which then make plain calls of them without asking the group: of tools that declare to be safe to repeat
 * (`readOnlyHint`, `idempotentHint`), whose calls have been quick, and that are in use. The directory has counted the calls that an
 * isolate may make, so that the limits hold.
 */
export class LentTools {
  readonly #options: LentToolsOptions;
  /** When each tool was last called, and until when it counts as slow, in ms since 1970. */
  readonly #tools: Map<string, { readonly calledAt: number; readonly slowUntil: number }> = new RecentMap(
    MOST_TOOLS,
  );
  /** Calls that isolates may make or have in flight, until when. */
  #calls = 0;
  #until = 0;
  /** Calls that the directory has counted for isolates, and none has received, until when. */
  #pool = 0;
  #pooledUntil = 0;
  #askAt = 0;
  #asking: Promise<void> | undefined;

  constructor(options: LentToolsOptions) {
    this.#options = options;
  }

  /** A call of a tool has ended. Resolves with what an isolate needs to make the next ones. */
  async lend(
    tasks: DurableTasks,
    { id, tool, admission, tookMs, spare }: EndedCall,
  ): Promise<ToolLease | undefined> {
    const now = Date.now();
    const { calledAt = 0, slowUntil = 0 } = this.#tools.get(tool) ?? {};
    this.#tools.set(tool, { calledAt: now, slowUntil: tookMs > LENT_CALL_MS ? now + SLOW_MS : slowUntil });
    // What is called once in a while is no use to an isolate, and would take calls from the limits.
    if (tookMs > LENT_CALL_MS || now < slowUntil || now >= calledAt + LENT_MS) return undefined;
    const lent = this.#held() && (await tasks.lend(id));
    if (!lent) return undefined;
    const most = Math.max(0, MOST_CALLS - spare);
    if (most > 0 && this.#pooled() === 0) await this.#ask(admission);
    // Others may have begun to wait meanwhile.
    const held = this.#held();
    if (!held) return undefined;
    const calls = this.#take(most);
    // A call of many in a row waits for no other object.
    if (this.#pooled() < MOST_CALLS / 2) void this.#ask(admission);
    return { lent, calls, held };
  }

  /** Isolates have made some of the calls. */
  made(calls: number): void {
    this.#calls = Math.max(0, this.#calls - calls);
  }

  /** How many calls isolates may make or have in flight, and may receive. */
  inFlight(): number {
    return this.#loaned() + this.#pooled();
  }

  #loaned(): number {
    return Date.now() < this.#until ? this.#calls : 0;
  }

  #pooled(): number {
    return Date.now() < this.#pooledUntil ? this.#pool : 0;
  }

  #take(most: number): number {
    const calls = Math.min(most, this.#pooled());
    this.#pool = this.#pooled() - calls;
    this.#calls = this.#loaned() + calls;
    this.#until = Date.now() + LENT_MS;
    return calls;
  }

  /** What is called in calls that clients may return to. `undefined` if nothing can be lent. */
  #held(): readonly string[] | undefined {
    return this.#options.isReachable() ? this.#options.held().keys(MOST_HELD) : undefined;
  }

  /** The call that asks has its result, whatever becomes of the next ones. */
  async #ask(admission: AdmissionAsk): Promise<void> {
    if (Date.now() < this.#askAt) return;
    this.#asking ??= this.#options.lease
      .lend(admission, MOST_CALLS, this.inFlight())
      .catch(() => 0)
      .then((calls) => {
        const now = Date.now();
        this.#pool = this.#pooled() + calls;
        this.#pooledUntil = now + POOLED_MS;
        if (calls === 0) this.#askAt = now + NONE_LEFT_MS;
        this.#asking = undefined;
      });
    return this.#asking;
  }
}
