import { type Frame, stringParam } from "./json-rpc.ts";
import type { Generation } from "./task-record.ts";

const LOGGED_HEADERS = ["mcp-method", "mcp-name", "mcp-protocol-version", "last-event-id"];

/** One HTTP request that an MCP route received. */
export interface WireEntry {
  at: number;
  generation: Generation;
  http: string;
  /** The JSON-RPC method; a response has none. */
  method?: string;
  id?: string | number;
  response?: true;
  tool?: string;
  taskId?: string;
  sessionId?: string;
  headers: Record<string, string>;
  meta?: unknown;
  /** What was answered; 0 while it is being worked on. */
  status: number;
}

const PREFIX = "wire:";

/** What clients really sent, so that a test can count requests instead of believing the client. */
export class WireLog {
  readonly #storage: SyncKvStorage;

  constructor(storage: SyncKvStorage) {
    this.#storage = storage;
  }

  /** Enters a request at its arrival; the function returned enters the status of its answer. */
  enter(generation: Generation, request: Request, frame: Frame | undefined): (status: number) => void {
    const number = (this.#storage.get<number>("wire-count") ?? 0) + 1;
    this.#storage.put("wire-count", number);
    const key = `${PREFIX}${String(number).padStart(9, "0")}`;
    const entry = describe(generation, request, frame);
    this.#storage.put(key, entry);
    return (status) => {
      // Cleared in the meantime, it stays cleared.
      if (this.#storage.get(key)) this.#storage.put(key, { ...entry, status });
    };
  }

  entries(): WireEntry[] {
    return Array.from(this.#storage.list<WireEntry>({ prefix: PREFIX }), ([, entry]) => entry);
  }

  clear(): void {
    for (const [key] of [...this.#storage.list({ prefix: PREFIX })]) this.#storage.delete(key);
  }
}

function describe(generation: Generation, request: Request, frame: Frame | undefined): WireEntry {
  const tool = stringParam(frame, "name");
  const taskId = stringParam(frame, "taskId");
  const sessionId = request.headers.get("mcp-session-id");
  const meta = frame?.params?._meta;
  return {
    at: Date.now(),
    generation,
    http: request.method,
    ...(frame?.method !== undefined && { method: frame.method }),
    ...(frame?.id !== undefined && { id: frame.id }),
    ...(frame && frame.method === undefined && { response: true as const }),
    ...(tool !== undefined && { tool }),
    ...(taskId !== undefined && { taskId }),
    ...(sessionId !== null && { sessionId }),
    headers: Object.fromEntries(
      LOGGED_HEADERS.flatMap((name) => {
        const value = request.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    ),
    ...(meta !== undefined && { meta }),
    status: 0,
  };
}
