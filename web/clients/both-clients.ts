import type { CallOptions, ListedTool, Session, Task, TaskClient, TaskClientApi } from "holdfast";
import { readWorkerResource } from "../access/access-api.ts";

/** The page's own tasks and those the worker holds, as one client: the endpoint's name says whose a task is. */
export class BothClients implements TaskClientApi {
  readonly #page: TaskClient;
  #edge: TaskClientApi | undefined;
  #held: readonly string[] = [];
  readonly #subscribers = new Set<{
    readonly listener: (task: Task) => void;
    readonly forgotten: ((id: string) => void) | undefined;
  }>();

  constructor(page: TaskClient) {
    this.#page = page;
    page.subscribe(
      (task) => this.#publish(task),
      (id) => this.#forgotten(id),
    );
  }

  /**
   * The worker may be slow to answer, and the page's own tasks do not wait for it: so it joins when it has. What runs there is
   * published at once. Thousands that have ended are not, one by one: `list` has them.
   */
  async join(edge: TaskClientApi, held: readonly string[]): Promise<void> {
    this.#edge = edge;
    this.#held = held;
    edge.subscribe(
      (task) => this.#publish(task),
      (id) => this.#forgotten(id),
    );
    for (const task of await edge.resume()) this.#publish(task);
  }

  async endpoints(): Promise<readonly string[]> {
    return [...(await this.#page.endpoints()), ...this.#held];
  }

  start<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options?: CallOptions,
  ): Promise<Task<Output>> {
    return this.#clientOf(endpoint).start<Output, Args>(endpoint, tool, args, options);
  }

  callTool<Output = unknown, Args extends object = object>(
    endpoint: string,
    tool: string,
    args?: Args,
    options?: CallOptions,
  ): Promise<Task<Output>> {
    return this.#clientOf(endpoint).callTool<Output, Args>(endpoint, tool, args, options);
  }

  resume(): Promise<readonly Task[]> {
    return this.#gather((client) => client.resume());
  }

  list(): Promise<readonly Task[]> {
    return this.#gather((client) => client.list());
  }

  async get(id: string): Promise<Task | undefined> {
    return (await this.#page.get(id)) ?? (await this.#edge?.get(id));
  }

  async forget(id: string): Promise<void> {
    const task = await this.get(id);
    if (task) await this.#clientOf(task.view.endpoint).forget(id);
  }

  listTools(endpoint: string): Promise<readonly ListedTool[]> {
    return this.#clientOf(endpoint).listTools(endpoint);
  }

  /** What was agreed with a server that the page itself calls; nothing is known of the worker's. */
  async session(endpoint: string): Promise<Session | undefined> {
    return this.#held.includes(endpoint) ? undefined : this.#page.rememberedSession(endpoint);
  }

  /** Reads a resource of a server, through the client that calls the server. Rejects with an Error that says why it cannot be read. */
  readResource(endpoint: string, uri: string): Promise<unknown> {
    return this.#held.includes(endpoint)
      ? readWorkerResource(endpoint, uri)
      : this.#page.request(endpoint, "resources/read", { uri });
  }

  subscribe(listener: (task: Task) => void, forgotten?: (id: string) => void): () => void {
    const subscriber = { listener, forgotten };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  nudge(): void {
    this.#page.nudge();
    this.#edge?.nudge();
  }

  async close(): Promise<void> {
    await Promise.all([this.#page.close(), this.#edge?.close()]);
  }

  #clientOf(endpoint: string): TaskClientApi {
    return this.#edge && this.#held.includes(endpoint) ? this.#edge : this.#page;
  }

  async #gather(from: (client: TaskClientApi) => Promise<readonly Task[]>): Promise<readonly Task[]> {
    const [own, held] = await Promise.all([from(this.#page), this.#edge ? from(this.#edge) : []]);
    return [...own, ...held].sort((a, b) => a.view.createdAt - b.view.createdAt);
  }

  #publish(task: Task): void {
    for (const { listener } of [...this.#subscribers]) listener(task);
  }

  #forgotten(id: string): void {
    for (const { forgotten } of [...this.#subscribers]) forgotten?.(id);
  }
}
