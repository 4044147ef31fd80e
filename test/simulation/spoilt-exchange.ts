import type { Exchange, Message } from "./exchange.ts";

/** An exchange whose reply comes out otherwise than the server meant it: the request was carried out all the same. */
export class SpoiltExchange implements Exchange {
  readonly #exchange: Exchange;
  readonly #spoil: (exchange: Exchange, result?: unknown) => void;
  readonly #before: (message: Message) => Message | undefined;

  /** `before`: a message that the client receives before what the server sends of its own accord. */
  constructor(
    exchange: Exchange,
    spoil: (exchange: Exchange, result?: unknown) => void,
    before: (message: Message) => Message | undefined = () => undefined,
  ) {
    this.#before = before;
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

  reply(result: unknown): void {
    this.#spoil(this.#exchange, result);
  }

  fail(_code: number, _message: string): void {
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

  push(message: Message): void {
    const before = this.#before(message);
    if (before) this.#exchange.push(before);
    this.#exchange.push(message);
  }

  onClosed(closed: () => void): void {
    this.#exchange.onClosed(closed);
  }
}
