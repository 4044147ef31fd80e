import { afterEach, describe, expect, it, vi } from "vitest";
import { explained } from "../../../src/channel/failure-text.ts";
import { explainedHere } from "../../../src/channel/network-cause.ts";
import { requestFailureOf, unreadable } from "../../../src/channel/request-failed.ts";
import { RequestFailedError } from "../../../src/engine/request-failed.ts";
import type { RequestFailure } from "../../../src/engine/request-failure.ts";

const ADDRESS = "https://papers.example/mcp";
const TARGET = { endpoint: "papers", address: ADDRESS };

function text(failure: RequestFailure, method = "tools/call"): string {
  const error = explainedHere(new RequestFailedError(method, failure), TARGET);
  if (!(error instanceof RequestFailedError)) throw new Error("No RequestFailedError came back");
  return error.message;
}

function fetchFailure(code: string): RequestFailure {
  return requestFailureOf(
    new TypeError("fetch failed", { cause: Object.assign(new Error("socket"), { code }) }),
  );
}

/** As if this were a page there. */
function onPage(href: string): void {
  const { origin, protocol } = new URL(href);
  vi.stubGlobal("location", { href, origin, protocol });
}

afterEach(() => vi.unstubAllGlobals());

describe("the text of a failed request", () => {
  it.each([
    ["ECONNREFUSED", "Nothing listens there"],
    ["ENOTFOUND", "host name is unknown"],
    ["EAI_AGAIN", "host name is unknown"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "certificate is not trusted"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "certificate is not trusted"],
  ])("names endpoint, address and the likely cause of %s", (code, cause) => {
    const said = text(fetchFailure(code));
    expect(said).toContain('tools/call on endpoint "papers"');
    expect(said).toContain(ADDRESS);
    expect(said).toContain(cause);
  });

  it.each([["Failed to fetch"], ["NetworkError when attempting to fetch resource."], ["Load failed"]])(
    "suggests CORS in a page of another origin, where the browser says %j",
    (message) => {
      onPage("https://app.example/tasks");
      expect(text(requestFailureOf(new TypeError(message)))).toMatch(/allow https:\/\/app\.example by CORS/);
    },
  );

  it("in a Durable Object suggests no cause that only Node or a browser can say", () => {
    onPage("https://app.example/tasks");
    const said = ["ECONNREFUSED", "Failed to fetch"].map((message) =>
      String(explained(new RequestFailedError("ping", { kind: "network", message }), TARGET)),
    );
    expect(said[0]).toMatch(/No connection to https:\/\/papers\.example\/mcp: ECONNREFUSED$/);
    expect(said[1]).toMatch(/: Failed to fetch$/);
  });

  it.each<RequestFailure>([
    { kind: "http", status: 404, message: "HTTP 404: Session not found" },
    {
      kind: "rpc",
      status: 400,
      message: "Bad Request: Mcp-Session-Id header is required (-32000)",
      error: { code: -32000, message: "Bad Request: Mcp-Session-Id header is required" },
    },
  ])("suggests that a page of another origin cannot read the id of its session: $message", (failure) => {
    const cause = "Does it expose the header mcp-session-id to https://app.example by CORS?";
    expect(text(failure, "tools/list")).not.toContain(cause);
    onPage("https://app.example/tasks");
    expect(text(failure, "tools/list")).toContain(cause);
    onPage("https://papers.example/app");
    expect(text(failure, "tools/list")).not.toContain(cause);
  });

  it("does not suggest CORS to a page of the server's own origin", () => {
    onPage("https://papers.example/app");
    expect(text(requestFailureOf(new TypeError("Failed to fetch")))).toMatch(/Is the server running\?$/);
  });

  it("says that a page of https cannot go to http", () => {
    onPage("https://app.example/");
    const error = new RequestFailedError("initialize", requestFailureOf(new TypeError("Failed to fetch")));
    const said = explainedHere(error, { endpoint: "papers", address: "http://papers.example/mcp" });
    expect(String(said)).toContain("A page of https cannot go to an address of http.");
  });

  it.each<[number, string]>([
    [404, "Is the path right?"],
    [405, "Is the path right?"],
    [403, "refuses these credentials"],
    [502, "its log says more"],
  ])("says what HTTP %i may mean", (status, cause) => {
    const said = text({ kind: "http", status, message: `HTTP ${status}: Nope` });
    expect(said.toLowerCase()).toContain(cause.toLowerCase());
    expect(said).toContain(`${ADDRESS} answered HTTP ${status}: Nope`);
  });

  it("asks for credentials at HTTP 401", () => {
    expect(text({ kind: "unauthorized", message: "Unauthorized" })).toMatch(
      /wants credentials.*authProvider/,
    );
  });

  it.each(["Streamable HTTP error: Error POSTing to endpoint: ", "Error POSTing to endpoint: ", ""])(
    "shows of a sign-in page that the SDK calls %j the title only",
    (words) => {
      const page = "<html><title>Sign in</title><p>token=abc</html>";
      const thrown = Object.assign(new Error(words + page), { status: 401 });
      expect(requestFailureOf(thrown)).toEqual({ kind: "unauthorized", message: "Sign in" });
    },
  );

  it("doubts that a page of HTML is an MCP server", () => {
    const page = "<!doctype html><html><title>Welcome to nginx</title><body>…</body></html>";
    const said = text(unreadable(page, "text/html; charset=utf-8"), "initialize");
    expect(said).toContain("of type text/html is unreadable: Welcome to nginx");
    expect(said).toContain("Is this the address of an MCP server?");
  });

  it("points to the other generation", () => {
    const refusal = (code: number): RequestFailure => ({
      kind: "rpc",
      error: { code, message: "No" },
      message: `No (${code})`,
    });
    expect(text(refusal(-32601), "server/discover")).toContain('era: "auto"');
    expect(text(refusal(-32022), "initialize")).toContain("holdfast/sdk-v2");
    expect(text(refusal(-32601), "tools/list")).not.toContain("generation");
  });

  it("names the address that a server redirects to", () => {
    const thrown = Object.assign(new Error("Error POSTing: Redirect to https://b.example/mcp not followed"), {
      code: 307,
    });
    const failure = requestFailureOf(thrown);
    expect(failure).toMatchObject({ kind: "http", status: 307, unsent: true });
    expect(text(failure)).toMatch(/https:\/\/b\.example\/mcp.*Give the address that it is redirected to/);
  });

  it("is said once", () => {
    const once = explainedHere(new RequestFailedError("ping", fetchFailure("ECONNREFUSED")), TARGET);
    expect(explainedHere(once, { endpoint: "another", address: "https://b.example" })).toBe(once);
  });

  it.each<[string, unknown]>([
    ["an HTTP error", Object.assign(new Error("x".repeat(5_000)), { status: 500 })],
    [
      "a JSON-RPC error",
      Object.assign(new Error(JSON.stringify({ id: 1, error: { code: 1, message: "y".repeat(5_000) } })), {
        status: 400,
      }),
    ],
    ["a network failure", new TypeError("z".repeat(5_000))],
  ])("shows at most 300 characters of what came with %s", (_what, thrown) => {
    expect(text(requestFailureOf(thrown, 1)).length).toBeLessThan(600);
    expect(requestFailureOf(thrown, 1).message.length).toBeLessThan(330);
  });

  it("distinguishes a reply that a guarded fetch stopped reading from one that never came", () => {
    const thrown = Object.assign(new Error("The reply is longer"), { name: "ReplyTooLongError" });
    expect(requestFailureOf(thrown).kind).toBe("oversized");
  });

  it("holds no complaints of a schema", () => {
    const issues = [{ code: "invalid_union", path: [], errors: [[{ code: "unrecognized_keys" }]] }];
    const thrown = Object.assign(new Error(JSON.stringify(issues, null, 2)), { name: "ZodError" });
    expect(text(requestFailureOf(thrown))).not.toMatch(/invalid_union|unrecognized/);
    expect(requestFailureOf(thrown).kind).toBe("malformed");
  });
});
