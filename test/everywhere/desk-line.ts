import type { DeskCommand, DeskEvent } from "./desk-words.ts";

/** A test may replace the place's own. */
const send: typeof fetch = globalThis.fetch.bind(globalThis);

type EventOf<Is extends DeskEvent["is"]> = Extract<DeskEvent, { readonly is: Is }>;

/** The line from a place to the desk in Node, whose address the script of the place has in `globalThis.desk`. */
class DeskLine {
  /** Called with each request of a listener, by the listener's number. */
  readonly #listeners: Map<number, (event: EventOf<"request">) => void> = new Map();
  /** Called when a response has left or its connection is gone. */
  readonly closings: Map<number, () => void> = new Map();
  readonly #waiting: Map<number, (event: EventOf<"done">) => void> = new Map();
  readonly #unsent: DeskCommand[] = [];
  /** Requests may come before the place knows the number of their listener. */
  readonly #early: Map<number, EventOf<"request">[]> = new Map();
  #sends = false;
  #subscribed: Promise<void> | undefined;
  #calls = 0;

  get #desk(): string {
    const { desk } = globalThis as { readonly desk?: string };
    if (desk === undefined) throw new Error("This place has no desk");
    return desk;
  }

  /** Calls a function of the desk. Rejects with what it throws. */
  async call<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    this.#subscribed ??= this.#subscribe();
    await this.#subscribed;
    const call = ++this.#calls;
    const done = new Promise<EventOf<"done">>((resolve) => this.#waiting.set(call, resolve));
    this.send({ do: "call", call, name, args });
    const { value, error } = await done;
    if (error !== undefined) throw new Error(`The desk: ${error}`);
    return value as T;
  }

  /** Takes the requests of a listener. */
  take(listener: number, take: (event: EventOf<"request">) => void): void {
    this.#listeners.set(listener, take);
    for (const event of this.#early.get(listener) ?? []) take(event);
    this.#early.delete(listener);
  }

  /** Sends a command after all that were sent before. */
  send(command: DeskCommand): void {
    this.#unsent.push(command);
    if (!this.#sends) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#sends = true;
    // What a handler does in one go leaves in one request.
    await undefined;
    while (this.#unsent.length > 0) {
      const body = JSON.stringify(this.#unsent.splice(0));
      await send(`${this.#desk}/commands`, { method: "POST", body });
    }
    this.#sends = false;
  }

  /** Resolves once the desk's events come. */
  async #subscribe(): Promise<void> {
    const { body } = await send(`${this.#desk}/events`, { cache: "no-store" });
    if (!body) throw new Error("The desk sends no events");
    void this.#read(body.getReader());
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) if (line) this.#take(JSON.parse(line) as DeskEvent);
    }
  }

  #take(event: DeskEvent): void {
    if (event.is === "closed") {
      this.closings.get(event.response)?.();
      this.closings.delete(event.response);
    } else if (event.is === "done") {
      this.#waiting.get(event.call)?.(event);
      this.#waiting.delete(event.call);
    } else {
      const take = this.#listeners.get(event.listener);
      if (take) take(event);
      else this.#early.set(event.listener, [...(this.#early.get(event.listener) ?? []), event]);
    }
  }
}

export const desk: DeskLine = new DeskLine();
