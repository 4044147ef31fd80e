import type { Bindings } from "../bindings.ts";
import type { EndpointListing } from "../config/endpoints.ts";
import { type GatewaySettings, gatewayOf } from "../config/gateway.ts";
import type { GatewayGroupRpc } from "../group/gateway-group-rpc.ts";
import type { GroupIdentity } from "../group/task-group-rpc.ts";
import type { GroupStub } from "../principal/objects.ts";
import { PrincipalObjects } from "../principal/objects.ts";

export type GatewayGroup = GroupStub & GatewayGroupRpc;

/** Who asks, and of which endpoint. Nothing else tells a request from another one: any isolate may serve it. */
export class Caller {
  readonly env: Bindings;
  readonly principal: string;
  readonly endpoint: EndpointListing;
  readonly settings: GatewaySettings;
  readonly objects: PrincipalObjects;

  constructor(env: Bindings, principal: string, endpoint: EndpointListing) {
    this.env = env;
    this.principal = principal;
    this.endpoint = endpoint;
    this.settings = gatewayOf(env);
    this.objects = new PrincipalObjects(env, principal);
  }

  identity(shard: number): GroupIdentity {
    return { principal: this.principal, endpoint: this.endpoint.name, shard };
  }

  group(shard: number): GatewayGroup {
    // One class serves the API and the gateway.
    return this.objects.group({ endpoint: this.endpoint.name, shard }) as GatewayGroup;
  }

  /** What is asked of the endpoint and not of a task, and what is remembered of calls, is the first group's. */
  get first(): GatewayGroup {
    return this.group(0);
  }
}
