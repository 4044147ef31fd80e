import {
  type RemoteProblem,
  RemoteTaskClient,
  type RemoteTaskClientOptions,
} from "../../../src/remote/index.ts";
import type { TaskView } from "../../../src/task-view.ts";
import { FakeClock, settled } from "../../fixtures/fake-clock.ts";

const URL = "https://holdfast.test";
export const T0 = 1_732_000_000_000;

const encoder = new TextEncoder();

/** A request that waits for the test to answer it. */
class HeldRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  readonly signal: AbortSignal | undefined;
  readonly response: Promise<Response>;
  #resolve: (response: Response) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;

  constructor(address: string, init: RequestInit) {
    this.method = init.method ?? "GET";
    this.path = address.replace(URL, "");
    this.headers = new Headers(init.headers);
    this.body = typeof init.body === "string" ? init.body : "";
    this.signal = init.signal ?? undefined;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.signal?.addEventListener("abort", () => this.#reject(this.signal?.reason));
  }

  get json(): unknown {
    return JSON.parse(this.body);
  }

  async reply(status: number, json?: unknown, headers: Record<string, string> = {}): Promise<void> {
    const body = json === undefined ? null : JSON.stringify(json);
    await this.respond(new Response(body, { status, headers }));
  }

  async refuse(status: number, code: string, headers: Record<string, string> = {}): Promise<void> {
    await this.reply(status, { title: "No", status, detail: `Refused: ${code}`, code }, headers);
  }

  async respond(response: Response): Promise<void> {
    this.#resolve(response);
    await settled();
  }

  async fail(message = "fetch failed"): Promise<void> {
    this.#reject(new TypeError(message));
    await settled();
  }

  /** Answers with an event stream that the test writes. */
  async stream(): Promise<HeldStream> {
    const stream = new HeldStream(this.signal);
    await this.respond(
      new Response(stream.body, { headers: { "content-type": "text/event-stream; charset=utf-8" } }),
    );
    return stream;
  }
}

export class HeldStream {
  readonly body: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  cancelled = false;

  constructor(signal: AbortSignal | undefined) {
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.cancelled = true;
      },
    });
    signal?.addEventListener("abort", () => {
      this.cancelled = true;
    });
  }

  async text(text: string): Promise<void> {
    this.#controller?.enqueue(encoder.encode(text));
    await settled();
  }

  async send(type: string, data: unknown, id?: string): Promise<void> {
    await this.text(
      `${id === undefined ? "" : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`,
    );
  }

  async ready(resumed: boolean, id = "p0"): Promise<void> {
    await this.send("ready", { resumed }, id);
  }

  async end(): Promise<void> {
    this.#controller?.close();
    await settled();
  }

  async break(): Promise<void> {
    this.#controller?.error(new TypeError("network error"));
    await settled();
  }
}

/** A worker whose every answer the test gives. */
class ScriptedWorker {
  readonly #held: HeldRequest[] = [];
  /** All that were ever made, as "METHOD path". */
  readonly log: string[] = [];

  readonly fetch = ((input: string, init: RequestInit = {}) => {
    const request = new HeldRequest(input, init);
    this.log.push(`${request.method} ${request.path}`);
    this.#held.push(request);
    return request.response;
  }) as typeof globalThis.fetch;

  /** The next unanswered request of that method and path. */
  async expect(method: string, path: string | RegExp): Promise<HeldRequest> {
    await settled();
    const index = this.#held.findIndex(
      (held) =>
        held.method === method && (typeof path === "string" ? held.path === path : path.test(held.path)),
    );
    const [request] = index === -1 ? [] : this.#held.splice(index, 1);
    if (!request) {
      const waiting = this.#held.map((held) => `${held.method} ${held.path}`).join(", ");
      throw new Error(`No ${method} ${path} is in flight; there are: ${waiting || "none"}`);
    }
    return request;
  }

  async quiet(): Promise<readonly string[]> {
    await settled();
    return this.#held.filter(({ signal }) => !signal?.aborted).map((held) => `${held.method} ${held.path}`);
  }
}

export interface RemoteLab {
  readonly client: RemoteTaskClient;
  readonly worker: ScriptedWorker;
  readonly clock: FakeClock;
  readonly problems: RemoteProblem[];
}

export function remoteLab(options: Partial<RemoteTaskClientOptions> = {}): RemoteLab {
  const worker = new ScriptedWorker();
  const clock = new FakeClock(T0);
  const problems: RemoteProblem[] = [];
  const client = new RemoteTaskClient({
    url: URL,
    token: "t0ken",
    fetch: worker.fetch,
    clock,
    onProblem: (problem) => problems.push(problem),
    ...options,
  });
  return { client, worker, clock, problems };
}

export const ID = "papers.0.01936c4e-5b5e-7c1a-9d3e-2f1a4b6c8d0e";

export function taskOf(parts: Partial<TaskView> = {}): TaskView {
  return {
    id: ID,
    endpoint: "papers",
    generation: "2026-07-28",
    tool: "report",
    arguments: { pages: 3 },
    status: parts.outcome?.kind ?? "working",
    rev: 1,
    createdAt: T0,
    taskId: "upstream-1",
    inputRequests: [],
    cancelling: false,
    ...parts,
  };
}

export const QUESTION = { key: "rpc/1", method: "elicitation/create", params: {} } as const;

/** A task that waits for an answer. */
export function askingTask(rev: number): TaskView {
  return taskOf({ rev, status: "input_required", inputRequests: [QUESTION] });
}

export const RESULT = { content: [{ type: "text", text: "done" }] };
export const COMPLETED: TaskView = taskOf({ rev: 9, outcome: { kind: "completed", result: RESULT } });
/** As events and lists have it. */
export const COMPLETED_APART: TaskView = taskOf({
  rev: 9,
  outcome: { kind: "completed", result: { content: [] }, apart: true },
});
