import type { CallLease } from "./call-lease.ts";
import type { CallReply, GatewayCall } from "./gateway-group-rpc.ts";
import type { GroupCalls } from "./group-calls.ts";
import type { GroupTasks } from "./group-tasks.ts";
import type { HeldCalls } from "./held-calls.ts";
import type { GroupIdentity } from "./task-group-rpc.ts";

export interface GatewayCallsOptions {
  readonly tasks: GroupTasks;
  readonly calls: GroupCalls;
  readonly held: () => HeldCalls;
  /** The calls whose caller is about to receive their answer. */
  readonly attended: Set<string>;
  readonly lease: (identity: GroupIdentity) => CallLease;
}

/** Calls of the gateway: each is joined or admitted, started and held by one request to its group. */
export class GatewayCalls {
  readonly #options: GatewayCallsOptions;

  constructor(options: GatewayCallsOptions) {
    this.#options = options;
  }

  async call(identity: GroupIdentity, { call, admission, waitMs, wait }: GatewayCall): Promise<CallReply> {
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
    const undefer = group.deferWrites(id);
    const write = (): void => {
      undefer();
      attended.delete(id);
    };
    attended.add(id);
    let isAnswered = true;
    try {
      const reply = await calls.start(identity, { ...call, id }, waitMs);
      isAnswered = !reply.ok || reply.value.outcome !== undefined;
      return { kind: "started", reply };
    } finally {
      if (wait) held.looked(wait.held.hold, wait.since, isAnswered);
      // The reply has left by then. It would wait for what is written before it.
      if (isAnswered) setTimeout(write);
      else write();
    }
  }
}
