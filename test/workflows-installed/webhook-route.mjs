import { createServer } from "node:http";

/**
 * Serves a route of a recipe on 127.0.0.1, as a framework would that has Web requests.
 * @param {(request: Request) => Promise<Response>} route
 */
export async function serveRoute(route) {
  const server = createServer(async (incoming, outgoing) => {
    const parts = [];
    for await (const part of incoming) parts.push(part);
    const headers = new Headers(Object.entries(incoming.headers).map(([name, value]) => [name, `${value}`]));
    const body = Buffer.concat(parts);
    const reply = await route(
      new Request(`http://127.0.0.1${incoming.url}`, { method: "POST", headers, body }),
    );
    outgoing.writeHead(reply.status, Object.fromEntries(reply.headers));
    outgoing.end(Buffer.from(await reply.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
