/** A namespace of Durable Objects. The folder of an object has the type of its stubs. */
export interface ObjectNamespace<Stub extends object> {
  getByName(name: string): Stub;
}

/** Whatever answers HTTP requests. */
export interface Fetching {
  fetch(request: Request | string, init?: RequestInit): Promise<Response>;
}

/** What wrangler.toml binds. `config/` reads the vars that hold JSON. */
export interface Bindings {
  readonly ASSETS: Fetching;
  readonly SAMPLE_LAB: ObjectNamespace<Fetching>;
  readonly TASK_GROUP: ObjectNamespace<object>;
  readonly PRINCIPALS: ObjectNamespace<object>;
  readonly METRICS: ObjectNamespace<object>;
  /** Signs webhooks. Without it none is taken. */
  readonly WEBHOOK_SECRET?: string;
  /** What `/metrics` asks for. Without it there is no such route. */
  readonly METRICS_TOKEN?: string;
  /** The clients and grants of the OAuth server. */
  readonly OAUTH_KV: KVNamespace;
  /** "true" lets webhooks go to private addresses. */
  readonly WEBHOOK_PRIVATE?: string;
}
