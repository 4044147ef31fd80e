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
let answer: () => Response;

beforeEach(() => {
  kv = new FakeKv();
  grants = grantsOf("alice");
  forms = [];
  registrations = 0;
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
      });
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
