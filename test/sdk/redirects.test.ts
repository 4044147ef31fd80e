import { describe, expect, it, test } from "vitest";
import { fromUrl } from "../../src/channel/http.ts";
import { type BareServer, DONE } from "./bare-server.ts";
import { CONNECTORS, clientOf, serverOf } from "./quirks.ts";

describe("fromUrl of holdfast/http", () => {
  it("follows a redirect within the origin that keeps the method", async () => {
    const server = await serverOf({ "tools/call": () => DONE });
    server.intercept = ({ http, response }) => {
      if (http.url === "/mcp/") return false;
      response.writeHead(307, { location: "/mcp/" }).end();
      return true;
    };
    expect(await (await clientOf(fromUrl(server.url)).callTool("server", "plain")).result()).toEqual(DONE);
  });

  it.each<[string, number, (other: BareServer) => string]>([
    ["to another origin", 307, (other) => other.url],
    ["that makes a GET of a POST", 302, () => "/elsewhere"],
    ["without an end", 308, () => "/mcp"],
  ])("does not follow a redirect %s, and says where it leads", async (_what, status, target) => {
    const other = await serverOf({ "tools/call": () => DONE });
    const server = await serverOf({});
    server.intercept = ({ response }) => {
      response.writeHead(status, { location: target(other) }).end();
      return true;
    };
    const listed = clientOf(fromUrl(server.url, { authorization: () => "secret-token" })).listTools("server");
    const error = String(await listed.catch((thrown: unknown) => thrown));
    expect(error).toContain(new URL(target(other), server.url).href);
    expect(error).toContain("Give the address that it is redirected to");
    expect(error).not.toContain("secret-token");
    expect(other.seen).toEqual([]);
  });
});

describe.each(CONNECTORS)("%s", (_name, connect) => {
  test("a call to an address that is redirected elsewhere fails at once, and names the other address", async () => {
    const server = await serverOf({});
    server.intercept = ({ response }) => {
      response.writeHead(301, { location: "https://moved.example/mcp" }).end();
      return true;
    };
    await expect(clientOf(connect(server.url)).callTool("server", "plain")).rejects.toThrow(
      /moved\.example\/mcp.*Give the address that it is redirected to/,
    );
  });
});
