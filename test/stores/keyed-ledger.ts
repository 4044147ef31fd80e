import { TaskLedger } from "../../bench/browser-kills/task-ledger.ts";
import { IDEMPOTENCY_KEY } from "../../src/protocol/meta-keys.ts";

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly _meta?: Readonly<Record<string, unknown>> };
}

/** Every other call has an idempotency key: it is sent again where nobody knows whether it arrived. */
export function hasKey(n: number): boolean {
  return n % 2 === 1;
}

/** A server that creates one task for each idempotency key, and knows which process sent each poll. */
export class KeyedLedger {
  readonly ledger: TaskLedger;
  /** Who sent a `tasks/get`, and when (ms since 1970). */
  readonly polls: { readonly process: string; readonly at: number }[] = [];
  /** By key, the result of the first call. */
  readonly #results: Map<unknown, unknown> = new Map();

  constructor(generation: "2025-11-25" | "2026-07-28", duration: () => number) {
    this.ledger = new TaskLedger(generation, () => undefined, duration);
  }

  async fetch(request: Request): Promise<Response> {
    if (request.method !== "POST") return this.ledger.fetch(request);
    const { id, method, params } = (await request.clone().json()) as Message;
    if (method === "tasks/get")
      this.polls.push({ process: request.headers.get("x-process") ?? "", at: Date.now() });
    const key = method === "tools/call" ? params?._meta?.[IDEMPOTENCY_KEY] : undefined;
    if (key === undefined) return this.ledger.fetch(request);
    const known = this.#results.get(key);
    if (known) return Response.json({ jsonrpc: "2.0", id, result: known });
    const reply = await this.ledger.fetch(request);
    this.#results.set(key, ((await reply.clone().json()) as { readonly result: unknown }).result);
    return reply;
  }
}
