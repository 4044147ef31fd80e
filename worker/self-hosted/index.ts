import { WorkerEntrypoint } from "cloudflare:workers";
import { consoleFile } from "./console-files.ts";
import type { KeyValueObject } from "./key-value.ts";

export { KeyValueObject } from "./key-value.ts";

interface Bindings {
  readonly KEY_VALUE: DurableObjectNamespace<KeyValueObject>;
  readonly DISK: Fetcher;
}

/** What Cloudflare provides beside the worker, for a workerd of one's own: the KV namespace of the OAuth server. */
export class KeyValue extends WorkerEntrypoint<Bindings> {
  override fetch(request: Request): Promise<Response> {
    return this.env.KEY_VALUE.getByName("oauth").fetch(request);
  }
}

/** And the files of the console. */
export default {
  fetch: (request: Request, { DISK }: Bindings) => consoleFile(request, DISK),
} satisfies ExportedHandler<Bindings>;
