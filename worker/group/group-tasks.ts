import type { TaskRecord, TaskView } from "holdfast";
import { DurableTasks } from "holdfast/durable-object";
import type { Bindings } from "../bindings.ts";
import { ConfigurationError } from "../config/configuration-error.ts";
import { type EndpointConfig, endpointOf } from "../config/endpoints.ts";
import { limitsOf } from "../config/limits.ts";
import type { Counters } from "../operations/counters.ts";
import { log } from "../operations/log.ts";
import { countedStorage } from "./counted-storage.ts";
import { startCall } from "./group-calls.ts";
import { startLateCalls } from "./late-calls.ts";
import type { GroupIdentity } from "./task-group-rpc.ts";
import { connectorTo, isStateless } from "./upstream.ts";

/** How often an endpoint that is gone from the configuration is looked for again, in ms. */
const UNCONFIGURED_MS = 600_000;

export interface GroupTasksOptions {
  readonly state: DurableObjectState;
  readonly env: Bindings;
  readonly counters: Counters;
  /** Called after each stored change. */
  readonly changed: (task: TaskView) => void;
  /** Called with the id of each task that is no longer kept. */
  readonly gone: (id: string) => void;
  /** Called once in a life of the object, with the calls that the one before left without an answer. */
  readonly left: (calls: readonly TaskRecord[]) => Promise<void>;
}

/** The tasks of a group, made when they are first needed: an object without a name has none. */
export class GroupTasks {
  readonly #options: GroupTasksOptions;
  /** Stored: an object that an alarm starts does not receive its name. */
  #identity: GroupIdentity | undefined;
  #tasks: DurableTasks | undefined;
  /** How often the person's consent has changed in this life of the object. */
  #consents = 0;
  #lateStarted: Promise<void> | undefined;
  #leftTaken: Promise<void> | undefined;

  constructor(options: GroupTasksOptions) {
    this.#options = options;
    this.#identity = options.state.storage.kv.get<GroupIdentity>("identity");
  }

  /** Undefined in an object that never had any tasks. */
  get identity(): GroupIdentity | undefined {
    return this.#identity;
  }

  /** The tasks as they are; undefined in an object that never had any. */
  get known(): DurableTasks | undefined {
    return this.#identity && this.of(this.#identity);
  }

  /** The tasks, with those of earlier lives resumed; undefined in an object that never had any. */
  async resumed(): Promise<DurableTasks | undefined> {
    const identity = this.#identity;
    const tasks = this.known;
    if (!identity || !tasks) return undefined;
    await tasks.resume();
    const { state, left } = this.#options;
    this.#leftTaken ??= left(tasks.unanswered);
    await this.#leftTaken;
    const { sql } = state.storage;
    this.#lateStarted ??= startLateCalls(sql, (call) => startCall(tasks, identity, call));
    await this.#lateStarted;
    return tasks;
  }

  /** The tasks of a group that may have none yet. */
  of(identity: GroupIdentity): DurableTasks {
    this.#tasks ??= this.#made(identity);
    return this.#tasks;
  }

  /** Whether isolates can reach the endpoint's server by its configuration alone. */
  isReachable(): boolean {
    const config = this.#identity && this.#config(this.#identity.endpoint);
    return config !== undefined && isStateless(config);
  }

  /** The person's token is asked for again before the next request. */
  forgetToken(): void {
    this.#consents += 1;
  }

  /** When to look again whether the endpoint of active tasks is configured, in ms since 1970; else Infinity. */
  mendedBy(now: number): number {
    const endpoint = this.#identity?.endpoint;
    const waiting =
      endpoint !== undefined && !this.#config(endpoint) && (this.#tasks?.activeCount() ?? 0) > 0;
    return waiting ? now + UNCONFIGURED_MS : Number.POSITIVE_INFINITY;
  }

  #made(identity: GroupIdentity): DurableTasks {
    const { state, env, counters, changed, gone } = this.#options;
    const { id, storage } = state;
    if (!this.#identity) {
      this.#identity = identity;
      storage.kv.put("identity", identity);
    }
    const { endpoint } = identity;
    const config = this.#config(endpoint);
    const tasks = new DurableTasks(
      { id, storage: countedStorage(storage, counters) },
      {
        endpoints: config
          ? {
              [endpoint]: connectorTo(config, env, {
                principal: identity.principal,
                kept: storage.kv,
                counters,
                consents: () => this.#consents,
              }),
            }
          : {},
        maxResultLength: limitsOf(env).resultBytes,
        onProblem: ({ kind, message, id: task }) => log("problem", { kind, message, task }),
      },
    );
    tasks.watch(({ task }) => changed(task));
    tasks.client.subscribe(() => undefined, gone);
    return tasks;
  }

  /** An endpoint that cannot be used must not cost the tasks it has had. */
  #config(endpoint: string): EndpointConfig | undefined {
    try {
      return endpointOf(this.#options.env, endpoint);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      log("misconfigured", { endpoint, message: error.message });
      return undefined;
    }
  }
}
