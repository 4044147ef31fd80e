import type { Bindings } from "../bindings.ts";
import type { EndpointListing } from "../config/endpoints.ts";
import { type GatewaySettings, gatewayOf } from "../config/gateway.ts";
import type { GatewayGroupStub } from "../group/group-stub.ts";
import type { GroupIdentity } from "../group/task-group-rpc.ts";
import { PrincipalObjects } from "../principal/objects.ts";

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

  group(shard: number): GatewayGroupStub {
    return this.objects.group({ endpoint: this.endpoint.name, shard });
  }

  /** What is asked of the endpoint and not of a task, and what is remembered of calls, is the first group's. */
  get first(): GatewayGroupStub {
    return this.group(0);
  }
}
