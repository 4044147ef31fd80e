import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import type { Bindings } from "../bindings.ts";
import { Endpoint2025 } from "./2025-11-25/endpoint.ts";
import { Endpoint2026 } from "./2026-07-28/endpoint.ts";
import { Announcements } from "./announcements.ts";
import { ArmedFaults, faultOrder, replyUnder } from "./faults.ts";
import { type Frame, readFrame } from "./json-rpc.ts";
import type { Generation } from "./task-record.ts";
import { TaskTable } from "./task-table.ts";
import { WireLog } from "./wire-log.ts";

/** What a generation's server makes of one HTTP request, which carried `frame`. */
export interface Endpoint {
  handle(request: Request, frame: Frame | undefined): Promise<Response>;
}

/**
 * One isolated pair of sample servers with the tasks they hold, the log of what reached them and the faults armed for them.
 * Everything that must outlive this object is in its storage: it is evicted seconds after it falls idle.
 */
export class SampleLab extends DurableObject<Bindings> {
  readonly #tasks: TaskTable;
  readonly #announcements: Announcements;
  readonly #wire: WireLog;
  readonly #faults: ArmedFaults;
  readonly #endpoint2025: Endpoint2025;
  readonly #endpoint2026: Endpoint2026;
  readonly #app = new Hono();

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env);
    const { storage } = state;
    this.#tasks = new TaskTable(storage.kv);
    this.#announcements = new Announcements(this.#tasks, storage);
    this.#wire = new WireLog(storage.kv);
    this.#faults = new ArmedFaults(storage.kv);
    this.#endpoint2025 = new Endpoint2025(this.#tasks, this.#announcements, storage.kv);
    this.#endpoint2026 = new Endpoint2026(this.#tasks, this.#announcements, storage.kv);
    this.#route();
  }

  override async fetch(request: Request): Promise<Response> {
    return this.#app.fetch(request);
  }

  override async alarm(): Promise<void> {
    this.#announcements.catchUp();
  }

  #route(): void {
    const lab = this.#app.basePath("/samples/:lab");

    lab.on(["GET", "POST", "DELETE"], "/2025-11-25/mcp", (c) =>
      this.#serve("2025-11-25", this.#endpoint2025, c.req.raw),
    );
    lab.on(["GET", "POST", "DELETE"], "/2026-07-28/mcp", (c) =>
      this.#serve("2026-07-28", this.#endpoint2026, c.req.raw),
    );

    lab.get("/wire", (c) => c.json(this.#wire.entries()));
    lab.delete("/wire", (c) => {
      this.#wire.clear();
      return c.body(null, 204);
    });

    lab.post("/faults", async (c) => {
      const order = faultOrder.safeParse(await c.req.json().catch(() => undefined));
      if (!order.success) return c.json({ error: order.error.issues }, 400);
      if (order.data.forgetSessions) await this.#endpoint2025.forgetSessions();
      if (order.data.forgetTasks) this.#tasks.forgetAll();
      if (order.data.next) this.#faults.arm(order.data.next);
      return c.body(null, 204);
    });
  }

  async #serve(generation: Generation, endpoint: Endpoint, request: Request): Promise<Response> {
    const body = request.method === "POST" ? await request.text() : null;
    const frame = body === null ? undefined : readFrame(body);
    const answered = this.#wire.enter(generation, request, frame);
    const fault = this.#faults.take(frame?.method);
    // With its body unread again.
    const whole = new Request(request.url, {
      method: request.method,
      headers: request.headers,
      body,
    });
    const response = await replyUnder(fault, () => endpoint.handle(whole, frame), frame?.method);
    answered(response.status);
    return response;
  }
}
