import { DurableTasks, type ObjectState, withoutServerStream } from "holdfast/durable-object";
import { fromUrl } from "holdfast/http";
import { withPairs } from "holdfast/pairs";

interface Env {
  readonly TASKS: { getByName(name: string): { fetch(request: Request): Promise<Response> } };
  readonly EVERYTHING: string;
  readonly JOBS: string;
  /** JSON. */
  readonly PAIRS: string;
}

interface Call {
  readonly endpoint: string;
  readonly tool: string;
  readonly args: object;
}

/** An object with tasks that workerd evicts on request: its memory and its requests are gone, its storage stays. */
export class Tasks {
  /** Another one in each life. */
  readonly #life = crypto.randomUUID();
  readonly #state: ObjectState & { abort(reason: string): void };
  readonly #tasks: DurableTasks;

  constructor(state: ObjectState & { abort(reason: string): void }, { EVERYTHING, JOBS, PAIRS }: Env) {
    this.#state = state;
    const fetchOf = withoutServerStream((url, init) => fetch(url, init));
    this.#tasks = new DurableTasks(state, {
      endpoints: {
        everything: fromUrl(EVERYTHING, { fetch: fetchOf }),
        jobs: withPairs(fromUrl(JOBS, { fetch: fetchOf }), JSON.parse(PAIRS)),
      },
    });
  }

  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/evict") this.#state.abort("evicted");
    await this.#tasks.resume();
    const { client } = this.#tasks;
    if (request.method === "POST") {
      const { endpoint, tool, args } = (await request.json()) as Call;
      const { id } = await client.start(endpoint, tool, args);
      return Response.json({ id });
    }
    const task = await client.get(searchParams.get("id") ?? "");
    return Response.json({ life: this.#life, task: task?.view });
  }

  alarm(info?: { readonly scheduledTime?: number }): Promise<void> {
    return this.#tasks.alarm(info);
  }
}

export default {
  fetch(request: Request, { TASKS }: Env): Response | Promise<Response> {
    return new URL(request.url).pathname === "/healthz"
      ? new Response("ok")
      : TASKS.getByName("one").fetch(request);
  },
};
