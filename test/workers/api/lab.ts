import { readEventStream, type StreamedEvent } from "holdfast/remote";
import { Hono } from "hono";
import type { ApiEnv } from "../../../worker/access/api-env.ts";
import { api } from "../../../worker/api/app.ts";
import { FakeObjects } from "./fake-objects.ts";

/** The routes over objects that are the test's. Who calls is said by a header. */
export class ApiLab {
  readonly objects: FakeObjects = new FakeObjects();
  readonly #app: Hono<ApiEnv> = new Hono<ApiEnv>();
  readonly #env: object;

  constructor(vars: Readonly<Record<string, string>> = {}) {
    this.#env = {
      TASK_GROUP: this.objects.TASK_GROUP,
      PRINCIPALS: this.objects.PRINCIPALS,
      ENDPOINTS: JSON.stringify({
        papers: { url: "https://papers.example/mcp", title: "Papers" },
        press: { url: "https://press.example/mcp" },
      }),
      ...vars,
    };
    this.#app.use(async (c, next) => {
      const principal = c.req.header("x-principal");
      if (principal) c.set("principal", principal);
      await next();
    });
    this.#app.route("/", api());
  }

  async request(path: string, init: RequestInit = {}, principal: string | null = "alice"): Promise<Response> {
    const headers = new Headers(init.headers);
    if (principal !== null) headers.set("x-principal", principal);
    return this.#app.request(`https://holdfast.test${path}`, { ...init, headers }, this.#env);
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers } };
    return this.request(path, { ...init, body: typeof body === "string" ? body : JSON.stringify(body) });
  }

  call(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.post("/v1/endpoints/papers/calls", body, headers);
  }

  async watch(path: string, lastEventId?: string, principal = "alice"): Promise<Watcher> {
    const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    return new Watcher(await this.request(path, { headers }, principal));
  }
}

/** A client of an event stream. */
export class Watcher {
  readonly response: Response;
  readonly #leaving: AbortController = new AbortController();
  readonly #events: AsyncGenerator<StreamedEvent, void, void>;

  constructor(response: Response) {
    this.response = response;
    if (!response.body) throw new Error("The response has no body");
    this.#events = readEventStream(response.body, { signal: this.#leaving.signal });
  }

  async next(): Promise<StreamedEvent> {
    const { value, done } = await this.#events.next();
    if (done) throw new Error("The stream ended");
    return value;
  }

  async take(count: number): Promise<readonly StreamedEvent[]> {
    const events: StreamedEvent[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  leave(): void {
    this.#leaving.abort();
  }
}
