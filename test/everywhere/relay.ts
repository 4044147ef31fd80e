import { type IncomingMessage, request, type ServerResponse } from "node:http";

/** Headers of a browser's own, and of the hop to the relay. */
const NOT_ONWARD = /^(host|origin|referer|connection|cookie|x-relay-.*|sec-.*)$/;

/**
 * Passes a page's request on to the address in its `X-Relay-To` header, and the reply back as it comes. With `X-Relay-Shows-Redirect`
 * a redirect comes as a 200 with its `Location`: a page cannot read where a redirect leads.
 */
export function relay(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const target = new URL(String(incoming.headers["x-relay-to"]));
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).filter(([name]) => !NOT_ONWARD.test(name)),
  );
  const onward = request(target, {
    method: incoming.method ?? "GET",
    headers: { ...headers, host: target.host },
    agent: false,
  });
  onward.on("response", (reply) => {
    reply.on("error", () => outgoing.destroy());
    const { "access-control-allow-origin": _theirs, ...rest } = reply.headers;
    const { statusCode = 502 } = reply;
    const shown = statusCode < 400 && incoming.headers["x-relay-shows-redirect"];
    outgoing.writeHead(shown ? 200 : statusCode, {
      ...rest,
      // Of a worker with another origin.
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "*",
    });
    outgoing.flushHeaders();
    reply.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
}
