import type { Listener, Serve, ServedResponse } from "../sdk/loopback.ts";
import { desk } from "./desk-line.ts";
import type { DeskCommand } from "./desk-words.ts";

/** Stands in for `test/sdk/loopback.ts` where nothing can listen: Node listens, and this place serves. */
export async function listen(serve: Serve, port?: number): Promise<Listener> {
  const listener = await desk.call<{ readonly id: number; readonly port: number }>("listen", port);
  desk.take(listener.id, ({ request, response }) => serve(request, new RemoteResponse(response)));
  return {
    port: listener.port,
    close: () => desk.call("unlisten", listener.id),
  };
}

class RemoteResponse implements ServedResponse {
  closed = false;
  writableEnded = false;
  readonly #id: number;
  readonly #onclose: (() => void)[] = [];

  constructor(id: number) {
    this.#id = id;
    desk.closings.set(id, () => {
      this.closed = true;
      for (const closed of this.#onclose) closed();
    });
  }

  setHeader(name: string, value: string): void {
    this.#do("setHeader", name, value);
  }

  writeHead(status: number, headers: Readonly<Record<string, string>> = {}): this {
    this.#do("writeHead", status, headers);
    return this;
  }

  flushHeaders(): void {
    this.#do("flushHeaders");
  }

  write(text: string): void {
    this.#do("write", text);
  }

  end(text?: string): void {
    this.writableEnded = true;
    this.#do("end", ...(text === undefined ? [] : [text]));
  }

  destroy(): void {
    this.#do("destroy");
  }

  on(_event: "close", closed: () => void): void {
    this.#onclose.push(closed);
  }

  #do(method: Extract<DeskCommand, { do: "respond" }>["method"], ...args: readonly unknown[]): void {
    desk.send({ do: "respond", response: this.#id, method, args });
  }
}
