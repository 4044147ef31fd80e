import { createMcpHandler, createRequestStateCodec } from "@modelcontextprotocol/server";
import type { Announcements } from "../announcements.ts";
import type { Frame } from "../json-rpc.ts";
import { KEEP_ALIVE_MS } from "../keep-alive.ts";
import type { Endpoint } from "../lab.ts";
import type { TaskTable } from "../task-table.ts";
import { wireTask } from "./detailed-task.ts";
import { TaskSubscriptions } from "./task-subscriptions.ts";
import { type AskedFirst, toolServer } from "./tool-server.ts";

/** The MCP 2026-07-28 endpoint: stateless, so each request gets a server of its own. */
export class Endpoint2026 implements Endpoint {
  readonly #tasks: TaskTable;
  readonly #storage: SyncKvStorage;
  readonly #subscriptions: TaskSubscriptions;

  constructor(tasks: TaskTable, announcements: Announcements, storage: SyncKvStorage) {
    this.#tasks = tasks;
    this.#storage = storage;
    this.#subscriptions = new TaskSubscriptions(announcements);
    announcements.listen((record, moment) => {
      if (record.generation !== "2026-07-28") return;
      this.#subscriptions.publish(wireTask(record, moment));
    });
  }

  async handle(request: Request, frame: Frame | undefined): Promise<Response> {
    if (TaskSubscriptions.wants(frame)) {
      return this.#subscriptions.open(request, frame, (taskId) =>
        Boolean(this.#tasks.get("2026-07-28", taskId)),
      );
    }
    const states = createRequestStateCodec<AskedFirst>({ key: this.#stateKey() });
    const handler = createMcpHandler(() => toolServer(this.#tasks, states, frame), {
      legacy: "reject",
      keepAliveMs: KEEP_ALIVE_MS,
    });
    return handler.fetch(request);
  }

  /** Seals the `requestState` of this lab; kept, since the retry may reach another incarnation of the object. */
  #stateKey(): Uint8Array {
    const kept = this.#storage.get<Uint8Array>("request-state-key");
    if (kept) return kept;
    const key = crypto.getRandomValues(new Uint8Array(32));
    this.#storage.put("request-state-key", key);
    return key;
  }
}
