import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";

/** How long the user has to sign in, in ms. */
const SIGN_IN_MS = 300_000;
const PATH = "/callback";

/** The address on a port of this computer that the authorization server sends the browser back to (RFC 8252, 7.3). */
export function redirectUrl(port: number): string {
  return `http://127.0.0.1:${port}${PATH}`;
}

/** Waits for the browser that comes back from one sign-in. */
export class LoopbackRedirect {
  readonly port: number;
  readonly state: string;
  /**
   * Resolves with the parameters of the redirect that carries the state. Rejects when the user refuses or does not sign
   * in within 5 minutes.
   */
  readonly parameters: Promise<URLSearchParams>;
  readonly #server: Server;
  #timer: NodeJS.Timeout | undefined;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    this.state = randomBytes(24).toString("base64url");
    this.parameters = new Promise((resolve, reject) => {
      this.#timer = setTimeout(() => reject(new Error("nobody signed in within 5 minutes")), SIGN_IN_MS);
      server.on("request", ({ method, url = "/" }, reply) => {
        const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
        // Any other request gets a 404, so that another page cannot end the wait.
        const ours = method === "GET" && pathname === PATH && searchParams.get("state") === this.state;
        const refused = searchParams.has("error");
        reply.writeHead(ours ? 200 : 404, {
          "content-type": "text/plain; charset=utf-8",
          "cache-control": "no-store",
          connection: "close",
        });
        if (!ours) return reply.end("Not found\n");
        reply.end(
          `Holdfast ${refused ? "was not given access" : "is signed in"}. You can close this page.\n`,
        );
        if (refused) reject(new Error("the sign-in page refused access"));
        else resolve(searchParams);
      });
    });
    // Nobody may be waiting yet.
    this.parameters.catch(() => undefined);
  }

  /** Listens on this port, or on a free one where it is undefined or taken by another program. */
  static async open(port: number | undefined): Promise<LoopbackRedirect> {
    const server = createServer();
    const used = await listening(server, port ?? 0).catch(() => listening(server, 0));
    return new LoopbackRedirect(server, used);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#server.close();
  }
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}
