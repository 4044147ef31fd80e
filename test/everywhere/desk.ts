import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type EverythingServer, startEverythingServer } from "../sdk/everything-server.ts";
import { type Listener, listen, type ServedResponse } from "../sdk/loopback.ts";
import type { DeskCommand, DeskEvent } from "./desk-words.ts";

/** Commands come as the body of a POST, in their order. */
const COMMANDS_PATH = "/commands";

/**
 * Runs servers in Node for tests in a place that cannot listen: it opens ports of 127.0.0.1, passes their requests to the place, and
 * carries out what the place answers. The place reaches the ports by itself.
 */
export class Desk {
  readonly #server = createServer((request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    if (request.url !== COMMANDS_PATH) return this.#open(response);
    void text(request).then((body) => {
      for (const command of JSON.parse(body) as readonly DeskCommand[]) this.#do(command);
      response.writeHead(204).end();
    });
  });
  #events: ServerResponse | undefined;
  readonly #listeners = new Map<number, Listener>();
  readonly #responses = new Map<number, ServedResponse>();
  readonly #everything = new Map<number, EverythingServer>();
  #count = 0;

  static async open(): Promise<Desk> {
    const desk = new Desk();
    await new Promise<void>((resolve) => desk.#server.listen(0, "127.0.0.1", resolve));
    return desk;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends all that the place has begun. */
  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await Promise.all([
      ...[...this.#listeners.values()].map((listener) => listener.close()),
      ...[...this.#everything.values()].map((server) => server.stop()),
    ]);
  }

  /** What a place can call, by its name. */
  readonly #calls: Readonly<Record<string, (...args: never[]) => unknown>> = {
    listen: async (port?: number) => {
      const id = ++this.#count;
      const listener = await listen((request, response) => {
        const number = ++this.#count;
        this.#responses.set(number, response);
        response.on("close", () => {
          this.#responses.delete(number);
          this.#publish({ is: "closed", response: number });
        });
        this.#publish({ is: "request", listener: id, response: number, request });
      }, port);
      this.#listeners.set(id, listener);
      return { id, port: listener.port };
    },
    unlisten: async (id: number) => {
      await this.#listeners.get(id)?.close();
      this.#listeners.delete(id);
    },
    startEverything: async () => {
      const id = ++this.#count;
      const server = await startEverythingServer();
      this.#everything.set(id, server);
      return { id, url: server.url.href };
    },
    stopEverything: async (id: number) => {
      await this.#everything.get(id)?.stop();
      this.#everything.delete(id);
    },
  };

  #open(response: ServerResponse): void {
    // A browser keeps the first bytes of a response back while it guesses their type.
    const headers = { "content-type": "application/x-ndjson", "x-content-type-options": "nosniff" };
    // Firefox has no response before its first byte.
    response.writeHead(200, headers).write("\n");
    this.#events = response;
  }

  #publish(event: DeskEvent): void {
    this.#events?.write(`${JSON.stringify(event)}\n`);
  }

  #do(command: DeskCommand): void {
    if (command.do === "respond") {
      const response = this.#responses.get(command.response);
      // One that is gone takes no more, as in Node.
      (response?.[command.method] as ((...args: readonly unknown[]) => void) | undefined)?.apply(
        response,
        command.args as unknown[],
      );
      return;
    }
    const { call, name, args } = command;
    const called = async (): Promise<unknown> => this.#calls[name]?.(...(args as never[]));
    called().then(
      (value) => this.#publish({ is: "done", call, value }),
      (error: unknown) => this.#publish({ is: "done", call, error: String(error) }),
    );
  }
}
