import type { Readable, Writable } from "node:stream";
import type { Transport } from "../src/channel/transport.ts";

/** The longest message that is read, in UTF-16 code units. A longer one is dropped: it would fill the memory. */
const LONGEST_LINE = 128 * 2 ** 20;

/** JSON-RPC messages as lines of text, the framing of MCP's stdio transport (2025-11-25 transports, "stdio"). */
export class LineTransport implements Transport {
  onmessage?: Transport["onmessage"];
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  readonly #input: Readable;
  readonly #output: Writable;
  #parts: string[] = [];
  #length = 0;
  #closed = false;

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
  }

  /** Whether either side has ended it. */
  get closed(): boolean {
    return this.#closed;
  }

  async start(): Promise<void> {
    // A reader that has gone away shows as an error of the stream, which would end the process.
    this.#output.on("error", () => this.#end());
    this.#input.setEncoding("utf8");
    this.#input.on("data", (chunk: string) => this.#read(chunk));
    this.#input.on("end", () => this.#end());
    this.#input.on("close", () => this.#end());
    this.#input.on("error", () => this.#end());
  }

  /** Resolves when the stream has taken the message. Rejects once the stream is closed. */
  send(message: object): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error("The stream is closed"));
      this.#output.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    this.#end();
  }

  #read(chunk: string): void {
    let from = 0;
    for (let at = chunk.indexOf("\n"); at !== -1; at = chunk.indexOf("\n", from)) {
      this.#add(chunk.slice(from, at));
      this.#line();
      from = at + 1;
    }
    this.#add(chunk.slice(from));
  }

  #add(part: string): void {
    this.#length += part.length;
    if (this.#length <= LONGEST_LINE) this.#parts.push(part);
    else this.#parts = [];
  }

  #line(): void {
    const dropped = this.#length > LONGEST_LINE;
    const line = this.#parts.join("").trim();
    this.#parts = [];
    this.#length = 0;
    if (dropped) return this.onerror?.(new Error("A message over 128 Mi characters was dropped"));
    if (line === "") return;
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      // Some servers print to stdout. What they print may be anything, so it is not repeated here.
      return this.onerror?.(new Error("A line that is not JSON was dropped"));
    }
    // Peers of 2025-03-26 may send several messages as one list ("JSON-RPC batching").
    for (const one of Array.isArray(message) ? message : [message]) this.onmessage?.(one as never);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onclose?.();
  }
}
