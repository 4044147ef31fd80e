import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import type { RequestId } from "../../src/protocol/json-rpc.ts";
import { SUBSCRIPTION_ID } from "../../src/protocol/session.ts";
import type { AgentConnection, AgentRequest } from "./agent-connection.ts";

/** The notifications that an agent of 2026-07-28 subscribed to (subscriptions, "Notification Filter"; Tasks adds `taskIds`). */
interface Filter {
  readonly toolsListChanged: boolean;
  readonly promptsListChanged: boolean;
  readonly resourcesListChanged: boolean;
  readonly resourceSubscriptions: readonly string[];
  readonly taskIds: readonly string[];
}

const FLAGS = {
  "notifications/tools/list_changed": "toolsListChanged",
  "notifications/prompts/list_changed": "promptsListChanged",
  "notifications/resources/list_changed": "resourcesListChanged",
} as const;

/** The streams of notifications that an agent of 2026-07-28 holds open. */
export class Subscriptions {
  readonly #agent: AgentConnection;
  readonly #open: Map<RequestId, Filter> = new Map();

  readonly #changed: () => void;

  /** @param changed Called when a stream was opened or ended. */
  constructor(agent: AgentConnection, changed: () => void) {
    this.#agent = agent;
    this.#changed = changed;
  }

  /** Resources that some stream subscribed to. */
  get resources(): ReadonlySet<string> {
    return new Set([...this.#open.values()].flatMap(({ resourceSubscriptions }) => resourceSubscriptions));
  }

  /** Serves `subscriptions/listen` until the agent cancels it. */
  async listen(
    { id, params, signal }: AgentRequest,
    knownTasks: (ids: readonly string[]) => Promise<readonly string[]>,
  ): Promise<object> {
    const wanted = isObject(params.notifications) ? params.notifications : {};
    const taskIds = await knownTasks(textsIn(wanted.taskIds));
    const filter: Filter = {
      toolsListChanged: wanted.toolsListChanged === true,
      promptsListChanged: wanted.promptsListChanged === true,
      resourcesListChanged: wanted.resourcesListChanged === true,
      resourceSubscriptions: textsIn(wanted.resourceSubscriptions),
      taskIds,
    };
    const agreed = Object.fromEntries(
      Object.entries(filter).filter(([name, value]) => name in wanted && value !== false),
    );
    this.#send(id, "notifications/subscriptions/acknowledged", { notifications: agreed });
    this.#open.set(id, filter);
    this.#changed();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    this.#open.delete(id);
    this.#changed();
    return { _meta: { [SUBSCRIPTION_ID]: id } };
  }

  /** Sends a notification on each stream that wants it. */
  notify(method: string, params: JsonObject): void {
    for (const [id, filter] of this.#open) if (wants(filter, method, params)) this.#send(id, method, params);
  }

  #send(id: RequestId, method: string, params: JsonObject): void {
    const meta = isObject(params._meta) ? params._meta : {};
    this.#agent.notify(method, { ...params, _meta: { ...meta, [SUBSCRIPTION_ID]: id } });
  }
}

function wants(filter: Filter, method: string, params: JsonObject): boolean {
  if (method === "notifications/tasks") return filter.taskIds.includes(String(params.taskId));
  if (method === "notifications/resources/updated")
    return filter.resourceSubscriptions.includes(String(params.uri));
  const flag = FLAGS[method as keyof typeof FLAGS];
  return flag !== undefined && filter[flag];
}

function textsIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((entry) => typeof entry === "string") : [];
}
