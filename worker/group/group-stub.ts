import type { Bindings, Fetching } from "../bindings.ts";
import type { GatewayGroupRpc } from "./gateway-group-rpc.ts";
import type { GroupIdentity, TaskGroupRpc } from "./task-group-rpc.ts";
import type { WebhookSender } from "./webhook-delivery.ts";

export type GroupStub = TaskGroupRpc & Fetching;
/** The same object, with what only the gateway and the console ask of it. */
export type GatewayGroupStub = GroupStub & GatewayGroupRpc & WebhookSender;

/** The group of tasks with this identity: its principal is in the name of the object. */
export function groupOf(
  { TASK_GROUP }: Pick<Bindings, "TASK_GROUP">,
  { principal, endpoint, shard }: GroupIdentity,
): GatewayGroupStub {
  return TASK_GROUP.getByName(JSON.stringify([principal, endpoint, shard])) as GatewayGroupStub;
}
