import { createServer, type Server } from "node:http";

/** How long the user has to sign in, in ms. */
const SIGN_IN_MS = 300_000;
const PATH = "/callback";

/** Where the authorization server sends the browser back to: a port of this computer alone (RFC 8252, 7.3). */
export function redirectUrl(port: number): string {
  return `http://127.0.0.1:${port}${PATH}`;
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server, 0);
  server.close();
  return port;
}

/**
 * Waits for the redirect that carries this state, and resolves with its parameters. Any other request is refused, so that
 * another page cannot end the wait. Rejects when the user refuses or the time is over.
 */
export async function redirected(port: number, state: string): Promise<URLSearchParams> {
  const server = createServer();
  await listening(server, port);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error("Nobody signed in within 5 minutes")), SIGN_IN_MS);
      server.on("request", (request, reply) => {
        const url = new URL(request.url ?? "/", "http://127.0.0.1");
        const ours =
          request.method === "GET" && url.pathname === PATH && url.searchParams.get("state") === state;
        reply.writeHead(ours ? 200 : 404, {
          "content-type": "text/plain; charset=utf-8",
          "cache-control": "no-store",
          connection: "close",
        });
        if (!ours) return reply.end("Not found\n");
        const refused = url.searchParams.get("error");
        reply.end(
          refused
            ? "Holdfast was not given access. You can close this page.\n"
            : "Holdfast is signed in. You can close this page.\n",
        );
        if (refused) reject(new Error("The server's sign-in page refused access"));
        else resolve(url.searchParams);
      });
    });
  } finally {
    clearTimeout(timer);
    server.close();
  }
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}
