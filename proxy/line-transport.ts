import type { Readable, Writable } from "node:stream";
import type { Transport } from "../src/channel/transport.ts";
import { parsedJson } from "../src/protocol/json.ts";

/** The longest message that is read, in UTF-16 code units. A longer one is dropped: it would fill the memory. */
const LONGEST_LINE = 128 * 2 ** 20;
/** The longest message over several lines that is read, in UTF-16 code units. */
const LONGEST_LINES = 16 * 2 ** 20;

/**
 * JSON-RPC messages as lines of text, the framing of MCP's stdio transport (2025-11-25 transports, "stdio"). A message that is
 * indented over several lines breaks the rule, and is read all the same.
 */
export class LineTransport implements Transport {
  onmessage?: Transport["onmessage"];
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  readonly #input: Readable;
  readonly #output: Writable;
  #parts: string[] = [];
  #length = 0;
  /** The lines of a message that has not come to its end. */
  #open: string[] = [];
  #openLength = 0;
  /** How many brackets of those lines are open. */
  #depth = 0;
  #saidLines = false;
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
    const text = this.#parts.join("");
    const line = text.trim();
    this.#parts = [];
    this.#length = 0;
    if (dropped) return this.onerror?.(new Error("A message over 128 Mi characters was dropped"));
    if (line === "") return;
    // The lines within a message are indented. What a server prints may open a bracket, and must not swallow what comes after it.
    if (this.#depth > 0 && beginsJson(text)) this.#drop();
    const value = this.#depth > 0 ? undefined : parsedJson(line);
    if (value === undefined) this.#continue(line);
    else this.#take(value);
  }

  /** Takes a line that is not a message by itself, but may be one of those of a message. */
  #continue(line: string): void {
    const depth = this.#depth + depthOf(line);
    this.#openLength += line.length;
    const isPart = (this.#depth > 0 || beginsJson(line)) && depth >= 0;
    if (!isPart || this.#openLength > LONGEST_LINES) return this.#drop();
    this.#open.push(line);
    this.#depth = depth;
    if (depth > 0) return;
    const message = parsedJson(this.#open.join("\n"));
    if (message === undefined) return this.#drop();
    this.#forget();
    if (!this.#saidLines) {
      this.#saidLines = true;
      const rule = "MCP's stdio transport has one message a line, so other peers will not read it";
      this.onerror?.(new Error(`A message came over several lines and was read. ${rule}`));
    }
    this.#take(message);
  }

  #drop(): void {
    this.#forget();
    // Some servers print to stdout. What they print may be anything, so it is not repeated here.
    this.onerror?.(new Error("A line that is not JSON was dropped"));
  }

  #forget(): void {
    this.#open = [];
    this.#openLength = 0;
    this.#depth = 0;
  }

  #take(message: unknown): void {
    // Peers of 2025-03-26 may send several messages as one list ("JSON-RPC batching").
    for (const one of Array.isArray(message) ? message : [message]) this.onmessage?.(one as never);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onclose?.();
  }
}

function beginsJson(line: string): boolean {
  return line.startsWith("{") || line.startsWith("[");
}

/** How many more brackets a line of JSON opens than it closes. NaN where a string does not end in its line: it is not JSON. */
function depthOf(line: string): number {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    if (inString && character === "\\") at++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
  }
  return inString ? Number.NaN : depth;
}
