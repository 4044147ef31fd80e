import { type Listener, listen, type ServedRequest, type ServedResponse } from "./loopback.ts";

/** Headers of one hop, of a body that a fetch has decoded, and of a page. */
const NOT_ONWARD =
  /^(host|connection|keep-alive|transfer-encoding|content-length|content-encoding|origin|referer|cookie|sec-.*|access-control-.*)$/;

/** One request that a {@link BreakingProxy} passes on. */
export interface Passing {
  readonly http: string;
  /** The JSON-RPC method, if the body names one. */
  readonly method: string | undefined;
  readonly lastEventId: string | undefined;
  readonly sessionId: string | undefined;
  /** The `x-tab` header of a page that sets it. */
  readonly tab: string | undefined;
  /** Cuts the connection to the client. The server sees that the client is gone. */
  cut(): void;
  /** Whether the client's connection is open. */
  readonly open: boolean;
}

/** A proxy on loopback that passes everything on until a test breaks it. */
export class BreakingProxy {
  readonly passed: Passing[] = [];
  /** Every request is cut before it reaches the server. */
  down = false;
  /** Called when a chunk of a response came, before it is passed on. Returns whether to pass it on. */
  onChunk: (passing: Passing, chunk: string) => boolean = () => true;
  #listener!: Listener;

  private constructor() {}

  static async before(target: string | URL): Promise<BreakingProxy> {
    const proxy = new BreakingProxy();
    proxy.#listener = await listen((request, response) => void proxy.#pass(target, request, response));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.port}/mcp`;
  }

  /** How many requests of a JSON-RPC method reached the server. */
  count(method: string): number {
    return this.passed.filter((passing) => passing.method === method).length;
  }

  /** The GETs that resume a response stream. */
  get resumptions(): readonly Passing[] {
    return this.passed.filter(({ lastEventId }) => lastEventId !== undefined);
  }

  cutAll(): void {
    for (const passing of this.passed) passing.cut();
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  async #pass(
    target: string | URL,
    { method: http, headers, body }: ServedRequest,
    response: ServedResponse,
  ): Promise<void> {
    if (this.down) return void response.destroy();
    const passing: Passing = {
      http,
      method: /"method":"([^"]+)"/.exec(body)?.[1],
      lastEventId: headers["last-event-id"],
      sessionId: headers["mcp-session-id"],
      tab: headers["x-tab"],
      cut: () => void (response.writableEnded || response.destroy()),
      get open() {
        return !response.closed;
      },
    };
    this.passed.push(passing);
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    try {
      const reply = await fetch(target, {
        method: http,
        headers: onward(Object.entries(headers).map(([name, value]) => [name, String(value)])),
        cache: "no-store",
        signal: gone.signal,
        ...(body && { body }),
      });
      response.writeHead(reply.status, Object.fromEntries(onward([...reply.headers])));
      response.flushHeaders();
      const decoder = new TextDecoder();
      const reader = reply.body?.getReader();
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        const chunk = decoder.decode(part.value, { stream: true });
        if (this.onChunk(passing, chunk) && !response.closed) response.write(chunk);
      }
      response.end();
    } catch {
      response.destroy();
    }
  }
}

function onward(headers: readonly (readonly [string, string])[]): [string, string][] {
  return headers.flatMap(([name, value]) => (NOT_ONWARD.test(name) ? [] : [[name, value]]));
}
