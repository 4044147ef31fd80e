export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * A fetch for connectors in places that hold no connection: the stream on which a 2025-11-25 server would send of
 * its own accord is declined as a server without one would. A broken reply is still fetched again (`Last-Event-ID`).
 * @example
 * const papers = fromUrl("https://papers.example/mcp", { fetch: withoutServerStream() });
 */
export function withoutServerStream(fetch: Fetch = (url, init) => globalThis.fetch(url, init)): Fetch {
  return async (url, init) => {
    if ((init?.method ?? "GET") !== "GET") return fetch(url, init);
    const headers = new Headers(init?.headers);
    const ofItsOwnAccord = headers.get("accept")?.includes("text/event-stream");
    if (ofItsOwnAccord && !headers.has("last-event-id")) return new Response(null, { status: 405 });
    return fetch(url, init);
  };
}
