import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";

/** What the guarded server wants to see. */
export const TOKEN = "Bearer kelp-grips-rock";
export const PAGE_DOI = "10.5555/holdfast.2026";

/** A site with a paper's page, a page without one, and, for requests that carry the token, another server's paths. */
export class SmallSite {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param onto Where what comes with the token is passed on to. */
  static async start(onto: string): Promise<SmallSite> {
    const server = createServer((incoming, outgoing) => {
      if (incoming.url === "/paper" || incoming.url === "/plain") return page(incoming.url, outgoing);
      if (incoming.headers.authorization === TOKEN) return passOn(incoming, outgoing, onto);
      outgoing.writeHead(401).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new SmallSite(server);
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function page(path: string, outgoing: ServerResponse): void {
  const meta = path === "/paper" ? `<meta name="citation_doi" content="doi:${PAGE_DOI}">` : "";
  outgoing.writeHead(200, { "content-type": "text/html" });
  outgoing.end(
    `<!doctype html><html lang="en"><head><title>A page</title>${meta}</head><body>Kelp</body></html>`,
  );
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, onto: string): void {
  const { method, url, headers } = incoming;
  const onward = request(`${onto}${url}`, { method, headers }, (reply) => {
    outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(outgoing);
  });
  outgoing.on("close", () => onward.destroy());
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}
