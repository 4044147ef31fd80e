import { describe, expect, test } from "vitest";
import { fromUrl } from "../../src/channel/sdk-v2.ts";
import { type Answer, DONE } from "./bare-server.ts";
import { clientOf, serverOf } from "./quirks.ts";

const status =
  (code: number, text = ""): Answer =>
  ({ response }) =>
    void response.writeHead(code).end(text);

const PROBES: readonly [string, Answer][] = [
  ["500", status(500, "Internal Server Error")],
  ["502 of a proxy", status(502, "<html><title>Bad gateway</title></html>")],
  ["503 that names no time", status(503)],
  ["403 of a firewall", status(403, "Method refused")],
  ["202 and no reply", status(202)],
  ["204 and no reply", status(204)],
  [
    "an error under another id",
    ({ response }) => {
      const body = {
        jsonrpc: "2.0",
        id: "server-error",
        error: { code: -32600, message: "Invalid Request" },
      };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
      return undefined;
    },
  ],
  [
    "a page of HTML",
    ({ response }) => void response.writeHead(200, { "content-type": "text/html" }).end("<p>Hi"),
  ],
  [
    "an event stream that ends",
    ({ response }) => void response.writeHead(200, { "content-type": "text/event-stream" }).end(),
  ],
  ["silence", () => undefined],
];

describe("era auto", () => {
  test.each(PROBES)(
    "a server that answers the probe with %s is asked by the handshake",
    async (_what, discover) => {
      const server = await serverOf({ "server/discover": discover, "tools/call": () => DONE });
      const client = clientOf(fromUrl(server.url, { timeoutMs: 400 }));
      expect(await (await client.callTool("server", "plain")).result()).toEqual(DONE);
      expect(server.of("server/discover")).toHaveLength(1);
      expect((await client.session("server")).generation).toBe("2025-11-25");
    },
  );

  test("a server that names a time when it refuses the probe is not asked anything else", async () => {
    const server = await serverOf({
      "server/discover": ({ response }) => void response.writeHead(503, { "retry-after": "1" }).end(),
    });
    const failure = clientOf(fromUrl(server.url)).session("server");
    await expect(failure).rejects.toMatchObject({
      failure: { kind: "http", status: 503, retryAfterMs: 1_000 },
    });
    expect(server.of("initialize")).toHaveLength(0);
  });

  test.each<[string, Answer, number, number]>([
    ["was slow to answer", () => undefined, 404, -32601],
    ["answered, but lost the connection for,", ({ response }) => void response.destroy(), 200, -32022],
  ])(
    "a 2026-07-28 server that %s the probe is asked again when it refuses the handshake",
    async (_what, first, status, code) => {
      let probes = 0;
      const server = await serverOf(
        {
          "server/discover": (exchange) =>
            ++probes === 1
              ? first(exchange)
              : { resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: { tools: {} } },
          initialize: ({ id, response }) => {
            const error = { code, message: "Refused" };
            response.writeHead(status, { "content-type": "application/json" });
            response.end(JSON.stringify({ jsonrpc: "2.0", id, error }));
            return undefined;
          },
        },
        "2026-07-28",
      );
      const session = await clientOf(fromUrl(server.url, { timeoutMs: 400 })).session("server");
      expect(session.generation).toBe("2026-07-28");
      expect(probes).toBe(2);
    },
  );
});
