import type { Exchange, Message, Stream } from "./exchange.ts";

/** An exchange whose reply comes out otherwise than the server meant it: the request was carried out all the same. */
export class SpoiltExchange implements Exchange {
  readonly #exchange: Exchange;
  readonly #spoil: (exchange: Exchange) => void;

  constructor(exchange: Exchange, spoil: (exchange: Exchange) => void) {
    this.#exchange = exchange;
    this.#spoil = spoil;
  }

  get message(): Message {
    return this.#exchange.message;
  }

  get sessionId(): string | undefined {
    return this.#exchange.sessionId;
  }

  get open(): boolean {
    return this.#exchange.open;
  }

  reply(): void {
    this.#spoil(this.#exchange);
  }

  fail(): void {
    this.#spoil(this.#exchange);
  }

  accept(): void {
    this.#spoil(this.#exchange);
  }

  blurt(body: unknown): void {
    this.#exchange.blurt(body);
  }

  refuse(status: number, retryAfterMs?: number): void {
    this.#exchange.refuse(status, retryAfterMs);
  }

  hangUp(): void {
    this.#exchange.hangUp();
  }

  begin(sessionId: string): void {
    this.#exchange.begin(sessionId);
  }

  push(...message: Parameters<Stream["push"]>): void {
    this.#exchange.push(...message);
  }

  onClosed(closed: () => void): void {
    this.#exchange.onClosed(closed);
  }
}
