import { describe, expect, it } from "vitest";
import {
  type GuardedFetchOptions,
  guardedFetch,
  OutboundRefusedError,
} from "../../../worker/outbound/guarded-fetch.ts";
import { METADATA, PRIVATE, SPECIAL } from "./address-table.ts";
import { ScriptedNetwork } from "./scripted-network.ts";

const START = "https://papers.example/mcp";
const ELSEWHERE = "https://elsewhere.example/mcp";
const SECRET = "s3cr3t-value";
/** As they can stand in a `Location`, which is ASCII. */
const REFUSED = [...PRIVATE, ...METADATA, ...SPECIAL].map((host) =>
  host.replace(/[^\x20-\x7e]+/g, encodeURIComponent),
);

function guarded(network: ScriptedNetwork, options: Partial<GuardedFetchOptions> = {}) {
  return guardedFetch({ allowPrivate: false, fetch: network.fetch, ...options });
}

async function refusalIn(response: Promise<Response>): Promise<OutboundRefusedError> {
  const error = await response.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OutboundRefusedError)) throw new Error("It was not refused", { cause: error });
  return error;
}

describe("where a request goes", () => {
  it.each(REFUSED)("https://%s is never asked", async (host) => {
    const network = new ScriptedNetwork();
    await refusalIn(guarded(network)(`https://${host}/mcp`));
    expect(network.seen).toEqual([]);
  });

  it.each(REFUSED)("a redirect to https://%s is not followed", async (host) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const network = new ScriptedNetwork().redirect(START, `https://${host}/mcp`, status);
      await refusalIn(guarded(network)(START));
      expect(network.urls).toEqual([START]);
    }
  });

  it("a redirect to a private address is not followed from a host that may be private either", async () => {
    const start = "http://10.0.0.5/mcp";
    for (const host of REFUSED) {
      const network = new ScriptedNetwork().redirect(start, `https://${host}/mcp`);
      await refusalIn(guarded(network, { allowPrivate: true })(start));
      expect(network.urls).toEqual([start]);
    }
  });

  it("a host that may be private may redirect to itself, and to the public", async () => {
    const start = "http://10.0.0.5/mcp";
    const network = new ScriptedNetwork()
      .redirect(start, "https://10.0.0.5/mcp")
      .redirect("https://10.0.0.5/mcp", ELSEWHERE);
    await guarded(network, { allowPrivate: true })(start);
    expect(network.urls).toEqual([start, "https://10.0.0.5/mcp", ELSEWHERE]);
  });

  it("a list of private hosts lets in those hosts and no other", async () => {
    const network = new ScriptedNetwork();
    const fetch = guarded(network, { allowPrivate: ["10.0.0.5", "login.internal"] });
    await fetch("http://10.0.0.5/mcp");
    await fetch("http://login.internal/token");
    for (const named of ["http://10.0.0.6/token", "https://127.0.0.1/", "http://papers.example/"])
      await refusalIn(fetch(named));
    expect(network.urls).toEqual(["http://10.0.0.5/mcp", "http://login.internal/token"]);
  });

  it("a caller that follows no redirect is given it, or an error, as it asked", async () => {
    const network = new ScriptedNetwork().redirect(START, "/2");
    const reply = await guarded(network)(START, { redirect: "manual" });
    expect([reply.status, reply.headers.get("location")]).toEqual([307, "/2"]);
    await refusalIn(guarded(network)(START, { redirect: "error" }));
    expect(network.urls).toEqual([START, START]);
  });

  it.each(["http://papers.example/mcp", "file:///etc/passwd", "data:,x", "https://u:p@elsewhere.example/"])(
    "a redirect to %s is not followed",
    async (location) => {
      const network = new ScriptedNetwork().redirect(START, location);
      await refusalIn(guarded(network)(START));
      expect(network.urls).toEqual([START]);
    },
  );

  it("each hop is looked at, not the first alone", async () => {
    const network = new ScriptedNetwork()
      .redirect(START, "/2")
      .redirect("https://papers.example/2", ELSEWHERE)
      .redirect(ELSEWHERE, "//169.254.169.254/latest");
    await refusalIn(guarded(network)(START));
    expect(network.urls).toEqual([START, "https://papers.example/2", ELSEWHERE]);
  });

  it("five redirects are followed and a sixth is not", async () => {
    const chain = (length: number) => {
      const network = new ScriptedNetwork();
      for (let hop = 0; hop < length; hop += 1)
        network.redirect(`https://papers.example/${hop}`, `https://papers.example/${hop + 1}`);
      return network;
    };
    const five = chain(5);
    expect(await (await guarded(five)("https://papers.example/0")).text()).toBe("arrived");
    const six = chain(6);
    expect((await refusalIn(guarded(six)("https://papers.example/0"))).message).toContain(
      "too many redirects",
    );
    expect(six.seen).toHaveLength(6);
  });

  it("a redirect that cannot be read is an error, one that says nothing an answer", async () => {
    await refusalIn(guarded(new ScriptedNetwork().redirect(START, "https://[::bad"))(START));
    await refusalIn(guarded(new ScriptedNetwork())("not an address"));
    const silent = new ScriptedNetwork().answer(START, () => new Response(null, { status: 307 }));
    expect((await guarded(silent)(START)).status).toBe(307);
    const unmodified = new ScriptedNetwork().answer(
      START,
      () => new Response(null, { status: 304, headers: { location: ELSEWHERE } }),
    );
    expect((await guarded(unmodified)(START)).status).toBe(304);
  });
});

describe("what a redirected request carries", () => {
  const post = {
    method: "POST",
    body: '{"method":"tools/call"}',
    headers: { "content-type": "application/json" },
  };

  it.each([307, 308])("%d keeps method and body", async (status) => {
    const network = new ScriptedNetwork().redirect(START, "/other", status);
    await guarded(network)(START, post);
    expect(network.seen.map(({ method, body }) => [method, body])).toEqual([
      ["POST", post.body],
      ["POST", post.body],
    ]);
  });

  it.each([301, 302, 303])("%d would lose the body of a POST, and is refused", async (status) => {
    const network = new ScriptedNetwork().redirect(START, "/other", status);
    await refusalIn(guarded(network)(START, post));
    await refusalIn(guarded(network)(START, { method: "DELETE" }));
    expect(network.urls).toEqual([START, START]);
  });

  it("a body that streams is not sent a second time", async () => {
    const network = new ScriptedNetwork().redirect(START, "/other");
    const body = new Response("once").body;
    await refusalIn(guarded(network)(START, { method: "POST", body }));
    expect(network.seen.map(({ body }) => body)).toEqual(["once"]);
  });

  it.each([
    ["another host", ELSEWHERE],
    ["another port", "https://papers.example:8443/mcp"],
  ])("a call's arguments do not follow a redirect to %s", async (_, away) => {
    const network = new ScriptedNetwork().redirect(START, away);
    await refusalIn(guarded(network)(START, post));
    expect(network.urls).toEqual([START]);
  });

  it("an OAuth form stays with its origin", async () => {
    const form = { method: "POST", body: new URLSearchParams({ client_secret: SECRET }) };
    const away = new ScriptedNetwork().redirect(START, ELSEWHERE);
    expect((await refusalIn(guarded(away)(START, form))).message).not.toContain(SECRET);
    const text = {
      ...form,
      body: form.body.toString(),
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    };
    await refusalIn(guarded(away)(START, text));
    expect(away.urls).toEqual([START, START]);
    const home = new ScriptedNetwork().redirect(START, "/token");
    await guarded(home)(START, form);
    expect(home.seen.at(-1)).toMatchObject({
      url: "https://papers.example/token",
      body: `client_secret=${SECRET}`,
    });
  });

  const secrets = {
    authorization: `Bearer ${SECRET}`,
    Cookie: `session=${SECRET}`,
    "Mcp-Session-Id": SECRET,
    "X-Api-Key": SECRET,
    accept: "text/event-stream",
  };

  it.each([
    ["another host", ELSEWHERE],
    ["another port", "https://papers.example:8443/mcp"],
    ["a subdomain", "https://www.papers.example/mcp"],
  ])("secrets do not follow to %s, nor back", async (_, away) => {
    const back = "https://papers.example/back";
    const network = new ScriptedNetwork().redirect(START, away).redirect(away, back);
    await guarded(network, { secretHeaders: ["x-api-key"] })(START, { headers: secrets });
    expect(network.urls).toEqual([START, away, back]);
    expect(JSON.stringify(network.seen[0])).toContain(SECRET);
    for (const request of network.seen.slice(1)) {
      expect(JSON.stringify(request)).not.toContain(SECRET);
      expect(request.headers.accept).toBe("text/event-stream");
    }
  });

  it("secrets stay where the origin does", async () => {
    const network = new ScriptedNetwork().redirect(START, "/other");
    await guarded(network, { secretHeaders: ["x-api-key"] })(START, { headers: secrets });
    expect(network.seen[1]?.headers).toMatchObject({
      authorization: `Bearer ${SECRET}`,
      cookie: `session=${SECRET}`,
      "mcp-session-id": SECRET,
      "x-api-key": SECRET,
    });
  });

  it("an endpoint's headers go to no other origin to begin with; what the request itself has goes", async () => {
    const network = new ScriptedNetwork();
    const fetch = guarded(network, { endpoint: START, secretHeaders: ["X-Api-Key"] });
    const headers = { "x-api-key": SECRET, authorization: "Basic for-this-server" };
    await fetch("https://login.example/token", { method: "POST", headers, body: "{}" });
    await fetch(START, { headers });
    expect(network.seen.map(({ headers }) => [headers["x-api-key"], headers.authorization])).toEqual([
      [undefined, "Basic for-this-server"],
      [SECRET, "Basic for-this-server"],
    ]);
  });

  it("the caller's own headers are left as they were", async () => {
    const network = new ScriptedNetwork().redirect(START, ELSEWHERE);
    const headers = new Headers(secrets);
    await guarded(network)(START, { headers });
    expect(headers.get("authorization")).toBe(`Bearer ${SECRET}`);
  });
});

describe("the message of a refusal", () => {
  it("names the host, and nothing else of the request", async () => {
    const addresses = [
      `https://user:${SECRET}@papers.example/${SECRET}?token=${SECRET}#${SECRET}`,
      `https://127.0.0.1/${SECRET}?token=${SECRET}`,
      `${SECRET}`,
    ];
    for (const address of addresses) {
      const error = await refusalIn(guarded(new ScriptedNetwork())(address));
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain(SECRET);
    }
    const network = new ScriptedNetwork().redirect(START, `https://127.0.0.1/${SECRET}`);
    expect((await refusalIn(guarded(network)(START))).host).toBe("127.0.0.1");
  });

  it.each(["\r\nx-injected: 1", "\n", "\r", "\0"])(
    "a header with %j in it is not sent, and not quoted",
    async (bad) => {
      const network = new ScriptedNetwork();
      const headers = { authorization: `Bearer ${SECRET}${bad}x` };
      const error = await refusalIn(guarded(network)(START, { headers }));
      expect(`${error.message} ${error.cause}`).not.toContain(SECRET);
      expect(network.seen).toEqual([]);
    },
  );
});
