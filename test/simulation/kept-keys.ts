import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import type { Exchange } from "./exchange.ts";
import { SpoiltExchange } from "./spoilt-exchange.ts";

/** The idempotency keys that a server keeps: it does the work of a key once, and repeats the reply. */
export class KeptKeys {
  readonly #calls: Map<string, KeptCall> = new Map();

  /** Returns the exchange to carry a call out on. `undefined`: it was carried out before, and its reply is repeated. */
  admit(exchange: Exchange, { _meta, requestState }: JsonObject): Exchange | undefined {
    const key = isObject(_meta) ? _meta.idempotencyKey : undefined;
    if (typeof key !== "string") return exchange;
    // The rounds of a call that is asked about are requests of their own.
    const name = JSON.stringify([key, requestState]);
    const known = this.#calls.get(name);
    if (known) return void known.join(exchange);
    const call = new KeptCall(exchange, () => this.#calls.delete(name));
    this.#calls.set(name, call);
    return call;
  }
}

/** The first exchange of a key, and those that repeat it. A call that fails leaves nothing: its work was not done. */
class KeptCall extends SpoiltExchange {
  readonly #waiting: Exchange[];
  readonly #failed: () => void;
  #reply: { readonly result: unknown } | undefined;

  constructor(exchange: Exchange, failed: () => void) {
    super(exchange, (_first, result) => {
      this.#reply = { result };
      for (const waiting of this.#waiting.splice(0)) waiting.reply(result);
    });
    this.#waiting = [exchange];
    this.#failed = failed;
  }

  join(exchange: Exchange): void {
    if (this.#reply) exchange.reply(this.#reply.result);
    else this.#waiting.push(exchange);
  }

  override fail(code: number, message: string): void {
    this.#failed();
    for (const waiting of this.#waiting.splice(0)) waiting.fail(code, message);
  }
}
