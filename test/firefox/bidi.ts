import { until } from "../browser/until.ts";

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

interface Evaluated {
  readonly type: "success" | "exception";
  readonly result?: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string };
}

/** A WebDriver BiDi session with a browser. */
export class Bidi {
  readonly #socket: WebSocket;
  readonly #waiting: Map<number, (answer: Answer) => void> = new Map();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  static async connect(port: number): Promise<Bidi> {
    const socket = await until("the browser listens", () => opened(`ws://127.0.0.1:${port}/session`), 60_000);
    const bidi = new Bidi(socket);
    await bidi.send("session.new", { capabilities: {} });
    return bidi;
  }

  async send<T>(method: string, params: object): Promise<T> {
    const id = ++this.#last;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    this.#waiting.delete(id);
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error}: ${answer.message}`);
    return answer.result as T;
  }

  /** Runs the body of an async function in a page, or in the browser's own window. */
  async run<T>(context: string, body: string): Promise<T> {
    const evaluated = await this.send<Evaluated>("script.evaluate", {
      expression: `(async () => { ${body} })()`,
      target: { context },
      awaitPromise: true,
    });
    if (evaluated.type === "exception") throw new Error(evaluated.exceptionDetails?.text);
    return evaluated.result?.value as T;
  }

  close(): void {
    this.#socket.close();
  }
}

function opened(url: string): Promise<WebSocket | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.addEventListener("open", () => resolve(socket));
    socket.addEventListener("error", () => resolve(undefined));
  });
}
