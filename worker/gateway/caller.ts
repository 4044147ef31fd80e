import { type ClientAbilities, NO_ABILITIES } from "../../front/client-capabilities.ts";
import type { Bindings } from "../bindings.ts";
import { budgetOf, type EndpointListing } from "../config/endpoints.ts";
import { type ClientLimits, type GatewaySettings, gatewayOf } from "../config/gateway.ts";
import { readTaskId } from "../directory/task-id.ts";
import type { GatewayGroupStub } from "../group/group-stub.ts";
import type { GroupIdentity } from "../group/task-group-rpc.ts";
import { PrincipalObjects } from "../principal/objects.ts";
import { limitsOfClient } from "./client-limits.ts";

/** What is known of a client beside its name. */
export interface ClientTraits {
  readonly abilities: ClientAbilities;
  /** It speaks 2025-11-25, or a version before it. */
  readonly legacy: boolean;
  /** It declares MCP Events as an extension. */
  readonly events: boolean;
}

/**
 * Who asks, and of which endpoints: of one at `/mcp/<endpoint>`, of all that the principal may use at `/mcp`. Nothing else
 * distinguishes two requests: any isolate may serve it.
 */
export class Caller {
  readonly env: Bindings;
  readonly principal: string;
  readonly settings: GatewaySettings;
  readonly objects: PrincipalObjects;
  readonly endpoints: readonly CallerEndpoint[];
  /** The endpoint of `/mcp/<endpoint>`; undefined at `/mcp`, also where there is only one. */
  readonly only: CallerEndpoint | undefined;
  /** Answers of endpoints that were not waited for. */
  readonly late: Set<Promise<unknown>> = new Set();
  /** What the client takes, as far as it is known. */
  readonly limits: ClientLimits;
  readonly traits: ClientTraits;
  /** The worker's own, as the client knows it. */
  readonly origin: string;

  private constructor(
    env: Bindings,
    principal: string,
    endpoints: readonly EndpointListing[],
    isMerged: boolean,
    origin: string,
    client?: string,
    traits: ClientTraits = { abilities: NO_ABILITIES, legacy: false, events: false },
  ) {
    this.origin = origin;
    this.traits = traits;
    this.env = env;
    this.principal = principal;
    this.settings = gatewayOf(env);
    this.objects = new PrincipalObjects(env, principal);
    this.endpoints = endpoints.map((listing) => new CallerEndpoint(this, listing));
    this.only = isMerged ? undefined : this.endpoints[0];
    this.limits = limitsOfClient(client, this.settings.clients);
  }

  static of(env: Bindings, principal: string, endpoint: EndpointListing, origin: string): Caller {
    return new Caller(env, principal, [endpoint], false, origin);
  }

  static ofAll(
    env: Bindings,
    principal: string,
    endpoints: readonly EndpointListing[],
    origin: string,
  ): Caller {
    return new Caller(env, principal, endpoints, true, origin);
  }

  /** Returns the same caller, served within the limits of a client that calls itself so. */
  servedTo(client: string | undefined, traits?: ClientTraits): Caller {
    const isMerged = this.only === undefined;
    return new Caller(this.env, this.principal, this.endpoints, isMerged, this.origin, client, traits);
  }

  /** How long a call to this endpoint, or about any task, may take before the client is answered, in ms. */
  budgetMs(at: CallerEndpoint | undefined = this.only): number {
    const known = [this.limits.budgetMs, at?.budgetMs].filter((ms) => ms !== undefined);
    return known.length > 0 ? Math.min(...known) : this.settings.budgetMs;
  }

  endpoint(name: string): CallerEndpoint | undefined {
    return this.endpoints.find((endpoint) => endpoint.name === name);
  }

  /** Undefined for a malformed id, and for an id of an endpoint that is not asked here. */
  endpointOfTask(id: string): CallerEndpoint | undefined {
    return this.endpoint(readTaskId(id)?.endpoint ?? "");
  }

  /** The group that would hold a task: the caller's own in any case. */
  groupOfTask(id: string): GatewayGroupStub | undefined {
    return this.endpointOfTask(id)?.group(readTaskId(id)?.shard ?? 0);
  }

  /** Somebody has the result of a task: what is called again is called anew. */
  async delivered(id: string): Promise<void> {
    await this.endpointOfTask(id)?.first.delivered(id);
  }
}

/** One endpoint, as a caller uses it. */
export class CallerEndpoint {
  readonly caller: Caller;
  readonly name: string;
  readonly title: string;
  readonly isPersonal: boolean;

  constructor(caller: Caller, { name, title = name, isPersonal = false }: EndpointListing) {
    this.isPersonal = isPersonal;
    this.caller = caller;
    this.name = name;
    this.title = title;
  }

  /** The longest that a call is held, in ms, where one is configured for the endpoint. */
  get budgetMs(): number | undefined {
    return budgetOf(this.caller.env, this.name);
  }

  identity(shard: number): GroupIdentity {
    return { principal: this.caller.principal, endpoint: this.name, shard };
  }

  group(shard: number): GatewayGroupStub {
    return this.caller.objects.group({ endpoint: this.name, shard });
  }

  /** What is asked of the endpoint and not of a task, and what is remembered of calls, is the first group's. */
  get first(): GatewayGroupStub {
    return this.group(0);
  }
}
