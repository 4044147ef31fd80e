import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UpstreamGrants } from "../../../worker/consent/upstream-grants.ts";

const SERVER = "https://guarded.example";
const REDIRECT = "https://holdfast.test/connected";
const env = {
  CONSENT_SECRET: "a-secret-of-thirty-two-characters-or-more",
  ENDPOINTS: { guarded: { url: `${SERVER}/mcp`, consent: true }, open: { url: `${SERVER}/open` } },
};

/** As a Durable Object's storage has it. */
class FakeKv {
  readonly rows = new Map<string, unknown>();
  get(key: string): unknown {
    return structuredClone(this.rows.get(key));
  }
  put(key: string, value: unknown): void {
    this.rows.set(key, structuredClone(value));
  }
  delete(key: string): boolean {
    return this.rows.delete(key);
  }
  *list({ prefix }: { prefix: string }): IterableIterator<[string, unknown]> {
    for (const row of [...this.rows]) if (row[0].startsWith(prefix)) yield row;
  }
}

let kv: FakeKv;
let grants: UpstreamGrants;
/** What the server's token endpoint was sent. */
let forms: URLSearchParams[];
let registrations: number;
let answer: () => Response | Promise<Response>;
/** What the metadata of the server's authorization server says beside the rest. */
let metadata: Record<string, unknown>;
/** What the server's revocation endpoint was sent. */
let revocations: { readonly form: URLSearchParams; readonly authorization: string | null }[];

beforeEach(() => {
  kv = new FakeKv();
  grants = grantsOf("alice");
  forms = [];
  registrations = 0;
  metadata = {};
  revocations = [];
  let count = 0;
  answer = () => {
    count++;
    const tokens = { access_token: `access-${count}`, refresh_token: `refresh-${count}` };
    return Response.json({ ...tokens, token_type: "Bearer", expires_in: 3_600 });
  };
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init);
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/.well-known/oauth-protected-resource"))
      return Response.json({ resource: `${SERVER}/mcp`, authorization_servers: [SERVER] });
    if (pathname.startsWith("/.well-known/"))
      return Response.json({
        issuer: SERVER,
        authorization_endpoint: `${SERVER}/authorize`,
        token_endpoint: `${SERVER}/token`,
        registration_endpoint: `${SERVER}/register`,
        response_types_supported: ["code"],
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: ["none"],
        ...metadata,
      });
    if (pathname === "/revoke") {
      const form = new URLSearchParams(await new Response(request.body).text());
      revocations.push({ form, authorization: request.headers.get("authorization") });
      return new Response(null);
    }
    if (pathname === "/register") {
      registrations++;
      return Response.json({ client_id: "registered", redirect_uris: [REDIRECT] }, { status: 201 });
    }
    forms.push(new URLSearchParams(await new Response(request.body).text()));
    return answer();
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function grantsOf(principal: string): UpstreamGrants {
  return new UpstreamGrants(kv as unknown as SyncKvStorage, env, principal);
}

async function begin(): Promise<{ readonly state: string; readonly page: URL }> {
  const begun = await grants.begin("guarded", REDIRECT);
  if (!begun.ok) throw new Error("The server has no page");
  return { state: begun.state, page: new URL(begun.address) };
}

async function connect(): Promise<void> {
  const { state } = await begin();
  expect(await grants.finish({ state, code: "code" })).toEqual({ ok: true, endpoint: "guarded" });
}

describe("a consent", () => {
  it("goes by a registration, S256 and the resource, and brings a token", async () => {
    expect(await grants.token("guarded")).toEqual({ kind: "none" });
    const { state, page } = await begin();
    expect(Object.fromEntries(page.searchParams)).toMatchObject({
      client_id: "registered",
      redirect_uri: REDIRECT,
      code_challenge_method: "S256",
      resource: `${SERVER}/mcp`,
      state,
    });
    await grants.finish({ state, code: "code" });
    expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({ code: "code", resource: `${SERVER}/mcp` });
    expect(await grants.token("guarded")).toMatchObject({ kind: "token", token: "access-1" });
    await connect();
    expect(registrations, "once for an address").toBe(1);
  });

  it("is not begun for an endpoint without consent, nor by a question for the token", async () => {
    expect(await grants.begin("open", REDIRECT)).toEqual({ ok: false });
    expect(await grants.begin("unknown", REDIRECT)).toEqual({ ok: false });
    await grants.token("guarded");
    expect(kv.rows.size).toBe(0);
  });

  it("has a verifier of its own, so that two at a time do not disturb each other", async () => {
    const [first, second] = [await begin(), await begin()];
    await grants.finish({ state: first.state, code: "one" });
    await grants.finish({ state: second.state, code: "two" });
    const verifiers = forms.map((form) => form.get("code_verifier"));
    expect(new Set(verifiers).size).toBe(2);
  });

  it("is finished once, within ten minutes, by its own principal and its own state", async () => {
    const { state } = await begin();
    expect(await grantsOf("bob").finish({ state: "other", code: "code" })).toEqual({ ok: false });
    expect(await grants.finish({ state, code: "code" })).toEqual({ ok: true, endpoint: "guarded" });
    expect(await grants.finish({ state, code: "code" })).toEqual({ ok: false });
    const late = await begin();
    vi.advanceTimersByTime(600_001);
    expect(await grants.finish({ state: late.state, code: "code" })).toEqual({ ok: false });
  });

  it("leaves no more than twenty attempts behind", async () => {
    for (let count = 0; count < 25; count++) await begin();
    expect([...kv.rows.keys()].filter((key) => key.startsWith("attempt:"))).toHaveLength(20);
  });
});

describe("what is stored", () => {
  it("is encrypted, for its principal and its place", async () => {
    await connect();
    const text = JSON.stringify([...kv.rows]);
    for (const secret of ["access-1", "refresh-1", "registered"]) expect(text).not.toContain(secret);
    expect(await grantsOf("bob").token("guarded"), "moved to another principal").toEqual({ kind: "none" });
    const other = new UpstreamGrants(
      kv as unknown as SyncKvStorage,
      { ...env, CONSENT_SECRET: "another-secret-of-thirty-two-characters" },
      "alice",
    );
    expect(await other.token("guarded"), "under a new secret").toEqual({ kind: "none" });
  });
});

describe("a token", () => {
  it("is renewed once, though two groups ask for it at the same time, and a third comes with the old one", async () => {
    await connect();
    vi.advanceTimersByTime(3_000);
    const [one, two] = await Promise.all([
      grants.token("guarded", "access-1"),
      grants.token("guarded", "access-1"),
    ]);
    expect(one).toMatchObject({ token: "access-2" });
    expect(two).toEqual(one);
    expect(await grants.token("guarded", "access-1")).toEqual(one);
    expect(forms.map((form) => form.get("refresh_token"))).toEqual([null, "refresh-1"]);
  });

  it("is renewed before it expires, five times over, with the latest refresh token each time", async () => {
    await connect();
    for (let renewal = 1; renewal <= 5; renewal++) {
      vi.advanceTimersByTime(3_600_000);
      expect(await grants.token("guarded")).toMatchObject({ token: `access-${renewal + 1}` });
      expect(forms.at(-1)?.get("refresh_token")).toBe(`refresh-${renewal}`);
    }
  });

  it("keeps the refresh token if the server sends no new one", async () => {
    await connect();
    answer = () => Response.json({ access_token: "next", token_type: "Bearer", expires_in: 60 });
    vi.advanceTimersByTime(3_600_000);
    await grants.token("guarded");
    vi.advanceTimersByTime(3_600_000);
    await grants.token("guarded");
    expect(forms.at(-1)?.get("refresh_token")).toBe("refresh-1");
  });

  it("ends if the server has ended the grant", async () => {
    await connect();
    answer = () => Response.json({ error: "invalid_grant" }, { status: 400 });
    vi.advanceTimersByTime(3_600_000);
    expect(await grants.token("guarded")).toEqual({ kind: "none" });
  });

  it("is not given up while the server cannot be reached", async () => {
    await connect();
    const issue = answer;
    answer = () => new Response("Bad Gateway", { status: 502 });
    vi.advanceTimersByTime(3_600_000);
    expect(await grants.token("guarded")).toEqual({ kind: "unavailable" });
    answer = issue;
    expect(await grants.token("guarded")).toMatchObject({ kind: "token", token: "access-2" });
  });

  it("that has just been issued is not renewed if the server refuses it", async () => {
    await connect();
    expect(await grants.token("guarded", "access-1")).toMatchObject({ token: "access-1" });
    expect(forms).toHaveLength(1);
  });
});

/** A reply that does not come before the test ends the wait. */
function delayed(): { readonly over: Promise<void>; end(): void } {
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { over, end: () => end() };
}

describe("a server that reads client metadata documents", () => {
  it("knows the worker by the address of its document, without a registration", async () => {
    metadata = { client_id_metadata_document_supported: true };
    const { page } = await begin();
    expect(page.searchParams.get("client_id")).toBe("https://holdfast.test/connect/client.json");
    expect(registrations).toBe(0);
  });

  it("gets a registration where the worker has no TLS", async () => {
    metadata = { client_id_metadata_document_supported: true };
    const begun = await grants.begin("guarded", "http://127.0.0.1:8787/connected");
    expect(begun).toMatchObject({ ok: true, address: expect.stringContaining("client_id=registered") });
  });
});

describe("a grant that is dropped", () => {
  const revocation_endpoint = `${SERVER}/revoke`;

  it("is forgotten, and its tokens are revoked at the server, the refresh token first", async () => {
    metadata = { revocation_endpoint };
    await connect();
    expect(await grants.drop("guarded")).toBe("revoked");
    expect(await grants.token("guarded")).toEqual({ kind: "none" });
    expect(revocations.map(({ form }) => Object.fromEntries(form))).toEqual([
      { token: "refresh-1", token_type_hint: "refresh_token", client_id: "registered" },
      { token: "access-1", token_type_hint: "access_token", client_id: "registered" },
    ]);
    expect(await grants.drop("guarded"), "a second time").toBe("none");
    expect(revocations).toHaveLength(2);
  });

  it.each([
    ["client_secret_basic", undefined],
    ["client_secret_post", "a secret"],
  ])("is revoked with the client's secret by %s", async (method, inForm) => {
    metadata = { revocation_endpoint, token_endpoint_auth_methods_supported: [method] };
    const consent = { clientId: "edge", clientSecret: "$" + "{GUARDED}" };
    const configured = { guarded: { url: `${SERVER}/mcp`, consent } };
    const secret = { CONSENT_SECRET: env.CONSENT_SECRET, GUARDED: "a secret", ENDPOINTS: configured };
    grants = new UpstreamGrants(kv as unknown as SyncKvStorage, secret, "alice");
    await connect();
    expect(await grants.drop("guarded")).toBe("revoked");
    const [first] = revocations;
    expect(first?.form.get("client_secret") ?? undefined).toBe(inForm);
    expect(first?.authorization).toBe(inForm ? null : `Basic ${btoa("edge:a+secret")}`);
  });

  it("is forgotten also if the server has no revocation, refuses it, or cannot be reached", async () => {
    await connect();
    expect(await grants.drop("guarded")).toBe("no-revocation");
    metadata = { revocation_endpoint: `${SERVER}/refuses` };
    await connect();
    answer = () => Response.json({ error: "unsupported_token_type" }, { status: 400 });
    expect(await grants.drop("guarded")).toBe("failed");
    expect(await grants.token("guarded")).toEqual({ kind: "none" });
  });

  it("takes along a token that is being issued, which is not stored afterwards", async () => {
    metadata = { revocation_endpoint };
    await connect();
    const issue = answer;
    const reply = delayed();
    answer = () => reply.over.then(issue);
    vi.advanceTimersByTime(3_600_000);
    const renewed = grants.token("guarded");
    await vi.waitFor(() => expect(forms).toHaveLength(2));
    const dropped = grants.drop("guarded");
    reply.end();
    expect(await dropped).toBe("revoked");
    await renewed;
    expect(await grants.token("guarded")).toEqual({ kind: "none" });
    expect(revocations.map(({ form }) => form.get("token"))).toEqual(["refresh-2", "access-2"]);
  });
});

describe("a consent that is given while the old grant is being renewed", () => {
  it.each([
    [
      "brings tokens",
      () => Response.json({ access_token: "late", token_type: "Bearer", refresh_token: "late" }),
    ],
    ["ends the old grant", () => Response.json({ error: "invalid_grant" }, { status: 400 })],
  ])("is the one that counts, though the renewal %s", async (_what, late) => {
    await connect();
    const issue = answer;
    const reply = delayed();
    answer = () => reply.over.then(late);
    vi.advanceTimersByTime(3_600_000);
    const renewed = grants.token("guarded");
    await vi.waitFor(() => expect(forms).toHaveLength(2));
    answer = issue;
    await connect();
    reply.end();
    expect(await renewed).toMatchObject({ kind: "token", token: "access-2" });
    expect(await grants.token("guarded")).toMatchObject({ kind: "token", token: "access-2" });
  });
});

describe("consents()", () => {
  const consent = async (): Promise<unknown> => (await grants.consents()).guarded;

  it("names endpoints with consent only, with the times of the consent and of its end", async () => {
    expect(await grants.consents()).toEqual({ guarded: { state: "none", round: 0 } });
    await connect();
    const connected = Date.now();
    vi.advanceTimersByTime(3_600_000);
    await grants.token("guarded");
    expect(await consent(), "also after a renewal").toEqual({ state: "connected", since: connected });
    answer = () => Response.json({ error: "invalid_grant" }, { status: 400 });
    vi.advanceTimersByTime(3_600_000);
    await grants.token("guarded");
    expect(await consent()).toMatchObject({ state: "ended", since: Date.now() });
    await grants.drop("guarded");
    expect(await consent()).toMatchObject({ state: "none" });
  });

  it("asks for the consent in rounds: not again for ten minutes after an answer, and never in the same round", async () => {
    expect(await consent()).toEqual({ state: "none", round: 0 });
    grants.answered("guarded", 0, true);
    expect(await consent()).toEqual({ state: "none", declined: true });
    grants.answered("guarded", 0, false);
    vi.advanceTimersByTime(600_000);
    expect(await consent()).toEqual({ state: "none", round: 1 });
    grants.answered("guarded", 1, false);
    expect(await consent()).toEqual({ state: "none" });
    await connect();
    await grants.drop("guarded");
    expect(await consent(), "at once, after a consent that was given").toEqual({ state: "none", round: 3 });
  });
});
