import type { TaskRecord } from "holdfast";
import { TTL_MS } from "../../front/task-times.ts";
import { fingerprint } from "../directory/fingerprint.ts";
import type { CallLease } from "./call-lease.ts";
import type { CallReply, GatewayCall } from "./gateway-group-rpc.ts";
import type { GroupCalls } from "./group-calls.ts";
import type { GroupTasks } from "./group-tasks.ts";
import type { HeldCalls } from "./held-calls.ts";
import { LentTools } from "./lent-tools.ts";
import type { GroupIdentity } from "./task-group-rpc.ts";

export interface GatewayCallsOptions {
  readonly tasks: GroupTasks;
  readonly calls: GroupCalls;
  readonly held: () => HeldCalls;
  /** The calls whose caller is about to receive their answer. */
  readonly attended: Set<string>;
  readonly lease: (identity: GroupIdentity) => CallLease;
  /** Whether isolates can reach the endpoint's server by its configuration alone. */
  readonly isReachable: () => boolean;
}

/** How long what is written after a reply waits for what other replies leave to write, in ms: each commit costs a flush of the disk. */
export const GATHER_MS = 50;

/** Calls of the gateway: each is joined or admitted, started and held by one request to its group. */
export class GatewayCalls {
  readonly #options: GatewayCallsOptions;
  /** What is written after replies, all in one turn, which is one commit. */
  readonly #writes: (() => void)[] = [];
  #lentMade: LentTools | undefined;

  constructor(options: GatewayCallsOptions) {
    this.#options = options;
  }

  async call(
    identity: GroupIdentity,
    { call, admission, waitMs, wait, lent }: GatewayCall,
  ): Promise<CallReply> {
    const { tasks, calls, attended, lease } = this.#options;
    const held = this.#options.held();
    const earlier = (): CallReply | undefined => {
      const joined = wait?.joins && held.join(wait.held, wait.joins);
      return joined && joined.kind !== "none" ? joined : undefined;
    };
    const found = earlier();
    if (found) return found;
    const group = tasks.of(identity);
    await tasks.resumed();
    const admitted = await lease(identity).admit(admission, group);
    if (!admitted.ok) return { kind: "refused", refusal: admitted };
    const { id, shard } = admitted;
    if (shard !== identity.shard) return { kind: "elsewhere", shard, id };
    // The same call may have begun while the directory was asked.
    const begun = earlier();
    if (begun) return begun;
    // Before anything is awaited: from now on the same call finds this one, whether its client waits or hangs up.
    if (wait) held.look(wait.held, id);
    const undefer = group.deferWrites(id, !admitted.repeated);
    const write = (): void => {
      undefer();
      attended.delete(id);
    };
    attended.add(id);
    let isAnswered = true;
    const began = Date.now();
    try {
      const reply = await calls.start(identity, { ...call, id }, waitMs);
      isAnswered = !reply.ok || reply.value.outcome !== undefined;
      if (!lent || admission.idempotency) return { kind: "started", reply };
      const ended = { id, tool: call.tool, admission, tookMs: Date.now() - began, spare: lent.spare };
      const toolLease = await this.#lent(identity).lend(group, ended);
      return { kind: "started", reply, ...(toolLease && { lease: toolLease }) };
    } finally {
      if (wait) held.looked(wait.held.hold, wait.since, isAnswered);
      if (isAnswered) this.#afterReply(write);
      else write();
    }
  }

  /** An isolate has made some of the calls that it was lent. */
  lentMade(identity: GroupIdentity, calls: number): void {
    this.#lent(identity).made(calls);
  }

  /** Stores calls of lent tools that an isolate has made. Their clients have the results, so they are no events. */
  async storeLent(identity: GroupIdentity, records: readonly TaskRecord[]): Promise<void> {
    if (records.length === 0) return;
    const { tasks, attended } = this.#options;
    const group = tasks.of(identity);
    await tasks.resumed();
    for (const record of records) {
      attended.add(record.id);
      await group.record(record, true);
      attended.delete(record.id);
    }
  }

  /** How many lent calls may be made or in flight. */
  get lentInFlight(): number {
    return this.#lentMade?.inFlight() ?? 0;
  }

  #lent(identity: GroupIdentity): LentTools {
    const { lease, held, isReachable } = this.#options;
    this.#lentMade ??= new LentTools({ lease: lease(identity), held, isReachable });
    return this.#lentMade;
  }

  /**
   * Takes the calls that an earlier life of the object left without an answer. Their clients call again: each returns to its task,
   * whatever became of that, so that a tool that may change something runs once. Calls that are safe to repeat are not among them.
   */
  async recover(calls: readonly TaskRecord[]): Promise<void> {
    const now = Date.now();
    for (const { id, call, createdAt: at } of calls) {
      // Calls of the HTTP API have none. Their callers have the task's id.
      if (call.timeoutMs === undefined) continue;
      const key = await fingerprint([call.name, call.arguments ?? {}]);
      this.#options
        .held()
        .recovered({ hold: `recovered:${id}`, key, session: "", at, until: at }, id, now - TTL_MS);
    }
  }

  /** The reply has left by then. It would wait for what is written before it. */
  #afterReply(write: () => void): void {
    if (this.#writes.push(write) > 1) return;
    setTimeout(() => {
      for (const each of this.#writes.splice(0)) each();
    }, GATHER_MS);
  }
}
