import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type DataFolder, environment } from "./proxied-client.ts";

type Json = Readonly<Record<string, unknown>>;
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Json;
  readonly result?: Json;
  readonly error?: { readonly message: string };
}

/** An agent that speaks 2026-07-28 over stdio, frame by frame: the SDK's Client cannot send the methods of Tasks. */
export class RawAgent {
  readonly #child: ChildProcess;
  readonly #meta: Json;
  readonly #received: Message[] = [];
  readonly #waiting: Set<() => void> = new Set();
  #count = 0;

  private constructor(child: ChildProcess, capabilities: object) {
    this.#child = child;
    this.#meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "raw-agent", version: "1.0.0" },
      "io.modelcontextprotocol/clientCapabilities": capabilities,
    };
    if (!child.stdout) throw new Error("No stdout");
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#received.push(JSON.parse(line) as Message);
      for (const look of [...this.#waiting]) look();
    });
  }

  static async start(
    command: readonly string[],
    folder: DataFolder,
    capabilities: object,
  ): Promise<RawAgent> {
    const [program = "", ...args] = command;
    return new RawAgent(
      spawn(program, args, { env: environment(folder), stdio: ["pipe", "pipe", "ignore"] }),
      capabilities,
    );
  }

  /** Sends a request and does not wait for its reply. */
  send(method: string, params: object = {}): number {
    const id = ++this.#count;
    const frame = { jsonrpc: "2.0", id, method, params: { ...params, _meta: this.#meta } };
    this.#child.stdin?.write(`${JSON.stringify(frame)}\n`);
    return id;
  }

  /** Resolves with the result; rejects with the message of an error. */
  async request(method: string, params: object = {}): Promise<Json> {
    const id = this.send(method, params);
    const { result, error } = await this.#message(
      (message) => message.id === id && message.method === undefined,
    );
    if (error) throw new Error(error.message);
    return result ?? {};
  }

  /** Resolves with the params of the first notification that fits, whether it has come or comes. */
  async received(fits: (method: string, params: Json) => boolean): Promise<Json> {
    const { params } = await this.#message(
      ({ method, params: had }) => method !== undefined && had !== undefined && fits(method, had),
    );
    return params ?? {};
  }

  close(): void {
    this.#child.stdin?.end();
  }

  #message(fits: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.#received.find(fits);
        if (!found) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
