import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { relay } from "./relay.ts";

/** An HTTP server on loopback that gives pages their script and takes what they report. */
export class Home {
  /** What pages reported, in order. */
  readonly reports: unknown[] = [];
  readonly #server: Server;
  readonly #script: string;
  readonly #commands: Map<string, unknown[]> = new Map();
  readonly #waiting: Map<string, (command: unknown) => void> = new Map();

  private constructor(script: string) {
    this.#script = script;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** @param script What `/page` runs, as a classic script. */
  static async open(script: string): Promise<Home> {
    const home = new Home(script);
    await new Promise<void>((resolve) => home.#server.listen(0, "127.0.0.1", resolve));
    return home;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Gives a command to the page that asks `/next?tab=…` for it. */
  command(tab: string, command: unknown): void {
    const waiting = this.#waiting.get(tab);
    this.#waiting.delete(tab);
    if (waiting) return waiting(command);
    this.#commands.set(tab, [...(this.#commands.get(tab) ?? []), command]);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    // A worker of an extension has another origin.
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*");
    response.setHeader("access-control-allow-methods", "*");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    switch (url.pathname) {
      case "/relay":
        return relay(request, response);
      case "/page":
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
        return void response.end("<!doctype html><title>Holdfast</title><script src=/script.js></script>");
      case "/script.js":
        response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" });
        return void response.end(this.#script);
      case "/report": {
        let body = "";
        for await (const part of request) body += part;
        this.reports.push(JSON.parse(body));
        return void response.writeHead(204).end();
      }
      case "/next": {
        const tab = url.searchParams.get("tab") ?? "";
        const [command, ...rest] = this.#commands.get(tab) ?? [];
        const answer = (given: unknown): void => {
          response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(given));
        };
        if (command === undefined) {
          this.#waiting.set(tab, answer);
          response.once("close", () => {
            if (this.#waiting.get(tab) === answer) this.#waiting.delete(tab);
          });
          return;
        }
        this.#commands.set(tab, rest);
        return answer(command);
      }
      default:
        return void response.writeHead(404).end();
    }
  }
}
