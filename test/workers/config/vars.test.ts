// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how configuration names a secret
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../../worker/config/configuration-error.ts";
import { corsOriginsOf } from "../../../worker/config/cors.ts";
import { endpointOf, endpointsOf } from "../../../worker/config/endpoints.ts";
import { jwtOf } from "../../../worker/config/jwt.ts";
import { limitsOf } from "../../../worker/config/limits.ts";
import { tokensOf } from "../../../worker/config/tokens.ts";

const SECRET = "s3cr3t-value";
const PAPERS = "https://papers.example/mcp";
const HASH = "00".repeat(32);

function errorIn(read: () => unknown): ConfigurationError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error("It was taken");
}

/** The endpoint `papers` as it would be written, read back. */
function papers(written: object, secrets: Readonly<Record<string, unknown>> = {}) {
  const endpoint = { url: PAPERS, ...written };
  return endpointOf({ ...secrets, ENDPOINTS: JSON.stringify({ papers: endpoint }) }, "papers");
}

/** To anybody but the demo's own principal. */
const listed = (env: object) => endpointsOf(env, "alice");

describe("vars that are not there", () => {
  it.each([{}, { LIMITS: "", TOKENS: "", JWT: "", ENDPOINTS: "", CORS_ORIGINS: "" }])(
    "%j: defaults",
    (env) => {
      expect(limitsOf(env)).toEqual({
        callsInFlight: 1000,
        callsInFlightPerEndpoint: 800,
        callsPerMinute: 600,
        argumentBytes: 262_144,
        resultBytes: 8_388_608,
        readsPerMinute: 6_000,
        streams: 32,
        shardCeiling: 1000,
        shardBytes: 40_000_000,
      });
      expect(tokensOf(env)).toEqual([]);
      expect(jwtOf(env)).toBeUndefined();
      expect(listed(env)).toEqual([]);
      expect(endpointOf(env, "papers")).toBeUndefined();
      expect(corsOriginsOf(env)).toEqual([]);
    },
  );
});

describe("reading", () => {
  it("is done once for each env object", () => {
    const env = { LIMITS: '{"callsInFlight":2}' };
    const limits = limitsOf(env);
    expect(limits.callsInFlight).toBe(2);
    expect(limitsOf(env)).toBe(limits);
    expect(limitsOf({ LIMITS: '{"callsInFlight":3}' }).callsInFlight).toBe(3);
  });

  it("takes the tables of wrangler.toml as well as JSON", () => {
    expect(limitsOf({ LIMITS: { callsPerMinute: 5 } }).callsPerMinute).toBe(5);
    expect(corsOriginsOf({ CORS_ORIGINS: ["https://app.example"] })).toEqual(["https://app.example"]);
  });

  it("does not look beyond the env itself", () => {
    const env = Object.create({ LIMITS: '{"callsInFlight":2}', NAME: SECRET });
    expect(limitsOf(env).callsInFlight).toBe(1000);
  });
});

describe("the error for an invalid var names it and the place in it, and quotes nothing of it", () => {
  it.each<[string, (env: object) => unknown, unknown, string]>([
    ["LIMITS", limitsOf, `{"callsInFlight": "${SECRET}"`, "LIMITS: is not JSON"],
    ["LIMITS", limitsOf, "[]", "LIMITS: "],
    ["LIMITS", limitsOf, { callsInFlight: SECRET }, "LIMITS at callsInFlight: "],
    ["LIMITS", limitsOf, { callsInFlight: 0 }, "LIMITS at callsInFlight: "],
    ["LIMITS", limitsOf, { callsPerMinute: 1.5 }, "LIMITS at callsPerMinute: "],
    ["LIMITS", limitsOf, { argumentBytes: -1 }, "LIMITS at argumentBytes: "],
    ["LIMITS", limitsOf, { argumentBytes: 2_000_000 }, "LIMITS at argumentBytes: "],
    ["LIMITS", limitsOf, { [SECRET]: 1 }, "LIMITS: has a key that is not known"],
    ["TOKENS", tokensOf, { alice: SECRET }, "TOKENS: "],
    ["TOKENS", tokensOf, [{ principal: "alice", token: SECRET }], "TOKENS at 0.sha256: "],
    ["TOKENS", tokensOf, [{ principal: "alice", sha256: SECRET }], "TOKENS at 0.sha256: must be the SHA-256"],
    ["TOKENS", tokensOf, [{ principal: "", sha256: HASH }], "TOKENS at 0.principal: must be 1 to 128 of"],
    ["TOKENS", tokensOf, [{ principal: "a b", sha256: HASH }], "TOKENS at 0.principal: "],
    ["TOKENS", tokensOf, [{ principal: "a\r\nb", sha256: HASH }], "TOKENS at 0.principal: "],
    ["TOKENS", tokensOf, [{ principal: "a\n", sha256: HASH }], "TOKENS at 0.principal: "],
    ["TOKENS", tokensOf, [{ principal: "ä", sha256: HASH }], "TOKENS at 0.principal: "],
    ["TOKENS", tokensOf, [{ principal: "a".repeat(129), sha256: HASH }], "TOKENS at 0.principal: "],
    [
      "TOKENS",
      tokensOf,
      [
        { principal: "a", sha256: HASH.replaceAll("0", "A") },
        { principal: "b", sha256: HASH.replaceAll("0", "a") },
      ],
      "TOKENS at 1.sha256: is there twice",
    ],
    ["JWT", jwtOf, { issuer: "x", audience: "y" }, "JWT at jwks: "],
    ["JWT", jwtOf, { issuer: "", audience: "y", jwks: "https://login.example/" }, "JWT at issuer: "],
    [
      "JWT",
      jwtOf,
      { issuer: "x", audience: "y", jwks: "https://127.0.0.1/" },
      "JWT at jwks: is on a private network",
    ],
    [
      "ENDPOINTS",
      listed,
      { papers: { url: PAPERS, pairs: { export: { start: { tool: "start_export", id: SECRET } } } } },
      "ENDPOINTS at papers.pairs.export.status: is missing",
    ],
    [
      "ENDPOINTS",
      listed,
      { papers: { url: PAPERS, pairs: { [`${SECRET} of mine`]: {} } } },
      "ENDPOINTS at papers.pairs.(a key that is no name): must be 1 to 128 letters",
    ],
    [
      "ENDPOINTS",
      listed,
      { papers: { url: PAPERS, idempotencyKey: `${SECRET} of mine` } },
      "ENDPOINTS at papers.idempotencyKey: ",
    ],
    ["CORS_ORIGINS", corsOriginsOf, ["*"], "CORS_ORIGINS at 0: must be one origin"],
    ["CORS_ORIGINS", corsOriginsOf, ["null"], "CORS_ORIGINS at 0: must be an origin"],
    ["CORS_ORIGINS", corsOriginsOf, ["https://app.example/"], "CORS_ORIGINS at 0: must be an origin"],
    [
      "CORS_ORIGINS",
      corsOriginsOf,
      ["https://app.example", "app.example"],
      "CORS_ORIGINS at 1: must be an origin",
    ],
    ["CORS_ORIGINS", corsOriginsOf, ["https://*.example"], "CORS_ORIGINS at 0: must be one origin"],
    ["ENDPOINTS", listed, { Papers: { url: PAPERS } }, "ENDPOINTS at Papers: must be named by"],
    [
      "ENDPOINTS",
      listed,
      { papers: { url: PAPERS, service: "PAPERS", consent: true } },
      "ENDPOINTS at papers.service: cannot be there beside oauth or consent",
    ],
    ["ENDPOINTS", listed, { "-a": { url: PAPERS } }, "ENDPOINTS at -a: must be named by"],
    [
      "ENDPOINTS",
      listed,
      { "server-card": { url: PAPERS } },
      "ENDPOINTS at server-card: must not be server-card",
    ],
    [
      "ENDPOINTS",
      listed,
      { "a.0": { url: PAPERS } },
      "ENDPOINTS at (a key that is no name): must be named by",
    ],
    [
      "ENDPOINTS",
      listed,
      { [`Bearer ${SECRET}`]: { url: PAPERS } },
      "ENDPOINTS at (a key that is no name): ",
    ],
    ["ENDPOINTS", listed, { papers: {} }, "ENDPOINTS at papers.url: "],
    ["ENDPOINTS", listed, { papers: { url: SECRET } }, "ENDPOINTS at papers.url: is not an address"],
    [
      "ENDPOINTS",
      listed,
      { papers: { url: "http://papers.example/" } },
      "ENDPOINTS at papers.url: is not https",
    ],
    [
      "ENDPOINTS",
      listed,
      { papers: { url: `https://u:${SECRET}@papers.example/` } },
      "ENDPOINTS at papers.url: holds credentials",
    ],
    [
      "ENDPOINTS",
      listed,
      { papers: { url: "https://10.0.0.1/" } },
      "ENDPOINTS at papers.url: is on a private",
    ],
    [
      "ENDPOINTS",
      listed,
      { papers: { url: "http://169.254.169.254/", allowPrivate: true } },
      "ENDPOINTS at papers.url: is the metadata service of a cloud",
    ],
    ["ENDPOINTS", listed, { papers: { url: PAPERS, era: SECRET } }, "ENDPOINTS at papers.era: "],
    ["ENDPOINTS", listed, { papers: { url: PAPERS, secret: SECRET } }, "ENDPOINTS at papers: has a key"],
    [
      "ENDPOINTS",
      listed,
      { papers: { url: PAPERS, headers: { "X-Key": "1", "x-key": "2" } } },
      "ENDPOINTS at papers.headers: has a header twice",
    ],
    [
      "ENDPOINTS",
      listed,
      {
        papers: {
          url: PAPERS,
          headers: { Authorization: SECRET },
          oauth: { clientId: "a", clientSecret: SECRET, issuer: "https://login.example" },
        },
      },
      "ENDPOINTS at papers.headers.authorization: cannot be there beside oauth",
    ],
  ])("%s %#", (name, read, value, message) => {
    const error = errorIn(() => read({ [name]: typeof value === "string" ? value : JSON.stringify(value) }));
    expect(error.variable).toBe(name);
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${error.cause}`).not.toContain(SECRET);
    expect(error.message).not.toMatch(/[\r\n]/);
  });
});

describe("endpoints", () => {
  it("are listed by name and title, with nothing else of them", () => {
    const ENDPOINTS = {
      papers: { url: PAPERS, title: "Papers", headers: { "x-key": SECRET } },
      b: { url: PAPERS },
    };
    expect(listed({ ENDPOINTS })).toEqual([{ name: "papers", title: "Papers" }, { name: "b" }]);
  });

  it("behind a service binding name one that there is", () => {
    const written = { service: "PAPERS" };
    const PAPERS_BINDING = { fetch: () => undefined };
    expect(papers(written, { PAPERS: PAPERS_BINDING })).toMatchObject({ url: PAPERS, service: "PAPERS" });
    for (const env of [{}, { PAPERS: "text" }])
      expect(errorIn(() => papers(written, env)).message).toBe(
        "ENDPOINTS at papers.service: names no service binding",
      );
  });

  it("have their secrets put in, in headers and OAuth, once", () => {
    const written = {
      headers: { "X-Key": "${KEY}", "X-Both": "a ${KEY}-${OTHER} z" },
      oauth: { clientId: "${ID}", clientSecret: "${KEY}", issuer: "https://login.example", scope: "tasks" },
    };
    const secrets = { KEY: "k-${OTHER}-$&-$1", OTHER: "o", ID: "i" };
    expect(papers(written, secrets)).toEqual({
      name: "papers",
      url: PAPERS,
      era: "auto",
      headers: { "x-key": "k-${OTHER}-$&-$1", "x-both": "a k-${OTHER}-$&-$1-o z" },
      oauth: {
        clientId: "i",
        clientSecret: "k-${OTHER}-$&-$1",
        issuer: "https://login.example",
        scope: "tasks",
      },
      allowPrivate: false,
      secrets: [
        "k-${OTHER}-$&-$1",
        "k-${OTHER}-$&-$1",
        "o",
        "k-${OTHER}-$&-$1",
        "k-${OTHER}-$&-$1",
        "k-${OTHER}-$&-$1",
      ],
    });
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ["is not set", {}],
    ["is empty", { PAPERS_TOKEN: "" }],
    ["is a binding", { PAPERS_TOKEN: { getByName() {} } }],
  ])("whose secret %s cannot be used; others can", (_, secrets) => {
    const ENDPOINTS = {
      papers: { url: PAPERS, headers: { authorization: "Bearer ${PAPERS_TOKEN}" } },
      other: { url: "https://other.example/mcp", headers: { authorization: "Bearer ${OTHER_TOKEN}" } },
    };
    const env = { ENDPOINTS, OTHER_TOKEN: "o", ...secrets };
    expect(errorIn(() => endpointOf(env, "papers")).message).toBe(
      "ENDPOINTS at papers.headers.authorization: needs the secret PAPERS_TOKEN, which is not set",
    );
    expect(endpointOf(env, "other")?.headers).toEqual({ authorization: "Bearer o" });
    expect(listed(env).map(({ name }) => name)).toEqual(["papers", "other"]);
  });

  it.each(["${", "${}", "${A-B}", "${A", "${A B}", "$${A-}"])(
    "do not send an invalid reference: %s",
    (text) => {
      const error = errorIn(() => papers({ headers: { "x-key": `${SECRET}${text}` } }, { A: "a", B: "b" }));
      expect(error.message).toContain("ENDPOINTS at papers.headers.x-key: ");
      expect(error.message).not.toContain(SECRET);
    },
  );

  it.each([
    ["\r\nx-injected: 1", "holds a line break"],
    ["\n", "holds a line break"],
    ["\r", "holds a line break"],
    ["\0", "holds a character"],
    ["\u0007", "holds a character"],
    ["\u007f", "holds a character"],
    ["é", "holds a character"],
    ["\u2028", "holds a character"],
    [" ", "begins or ends with a blank"],
  ])("do not send a header with %j in its secret, or in its own text", (bad, reason) => {
    const message = `ENDPOINTS at papers.headers.x-key: ${reason}`;
    const bySecret = errorIn(() => papers({ headers: { "x-key": "${KEY}" } }, { KEY: SECRET + bad }));
    const byText = errorIn(() => papers({ headers: { "x-key": SECRET + bad } }));
    const oauth = { clientId: "a", clientSecret: "${KEY}", issuer: "https://login.example" };
    expect(errorIn(() => papers({ oauth }, { KEY: SECRET + bad })).message).toContain(
      `papers.oauth.clientSecret: ${reason}`,
    );
    for (const error of [bySecret, byText]) {
      expect(error.message.slice(0, message.length)).toBe(message);
      expect(`${error.message} ${error.cause}`).not.toContain(SECRET);
    }
  });

  it.each(["", " "])("do not send an empty header (%j)", (value) => {
    expect(errorIn(() => papers({ headers: { "x-key": value } })).message).toContain("is empty");
  });

  it.each(["x key", "x:key", "x\r\nkey", "x-key\n", "", "ключ", "Host", "Content-Length", "Mcp-Session-Id"])(
    "have no header called %j",
    (name) => {
      expect(errorIn(() => papers({ headers: { [name]: "value" } })).path).toMatch(/^papers\.headers\./);
    },
  );

  it("are found under their own names only", () => {
    const env = { ENDPOINTS: { papers: { url: PAPERS } }, DEMO: "true" };
    for (const name of ["constructor", "__proto__", "toString", "Papers", "papers ", ""])
      expect(endpointOf(env, name)).toBeUndefined();
  });

  it("of the demo exist only in the demo, and configured endpoints replace them", () => {
    expect(endpointOf({}, "sample-2025")).toBeUndefined();
    expect(endpointOf({ DEMO: "true" }, "sample-2026")).toMatchObject({
      era: "2026-07-28",
      sampleLab: "demo",
    });
    const env = { DEMO: "true", ENDPOINTS: { "sample-2025": { url: PAPERS } } };
    expect(listed(env).map(({ name }) => name)).toEqual(["sample-2025", "sample-2026"]);
    expect(endpointOf(env, "sample-2025")).toEqual({
      name: "sample-2025",
      url: PAPERS,
      era: "auto",
      headers: {},
      allowPrivate: false,
      secrets: [],
    });
  });

  it("are hidden from the demo's principal, whose token anyone can guess: it has the samples alone", () => {
    const env = { DEMO: "true", ENDPOINTS: { papers: { url: PAPERS }, "sample-2025": { url: PAPERS } } };
    expect(endpointsOf(env, "demo").map(({ name }) => name)).toEqual(["sample-2026"]);
    expect(endpointsOf({ ...env, DEMO: "false" }, "demo").map(({ name }) => name)).toEqual([
      "papers",
      "sample-2025",
    ]);
  });

  it("know their secrets, so that replies can be cleared of them", () => {
    const ENDPOINTS = {
      papers: {
        url: PAPERS,
        headers: {
          authorization: "Bearer ${TOKEN}",
          "x-api-key": "written-key",
          "x-tenant": "kelp-institute",
        },
      },
      guarded: { url: PAPERS, oauth: { clientId: "edge", clientSecret: "${TOKEN}", issuer: PAPERS } },
    };
    const env = { ENDPOINTS, TOKEN: "token-in-a-secret" };
    expect(new Set(endpointOf(env, "papers")?.secrets)).toEqual(
      new Set(["token-in-a-secret", "Bearer token-in-a-secret", "written-key"]),
    );
    expect(endpointOf(env, "guarded")?.secrets).toEqual(["token-in-a-secret"]);
  });
});

describe("principals", () => {
  it("of TOKENS and of JWTs cannot be the same", () => {
    const jwt = { issuer: "https://idp.example", audience: "holdfast", jwks: "https://idp.example/jwks" };
    const tokens = (principal: string) => [{ principal, sha256: HASH }];
    expect(jwtOf({ JWT: jwt })?.principalPrefix).toBe("jwt:");
    expect(errorIn(() => jwtOf({ JWT: { ...jwt, principalPrefix: "" } })).path).toBe("principalPrefix");
    expect(errorIn(() => tokensOf({ JWT: jwt, TOKENS: tokens("jwt:alice") })).path).toBe("0.principal");
    const own = { JWT: { ...jwt, principalPrefix: "a" }, TOKENS: tokens("alice") };
    expect(errorIn(() => tokensOf(own)).message).toContain("principalPrefix");
    expect(tokensOf({ JWT: jwt, TOKENS: tokens("alice") })).toHaveLength(1);
  });

  it("of TOKENS are not the demo's", () => {
    const env = { TOKENS: [{ principal: "demo", sha256: HASH }] };
    expect(tokensOf(env)).toHaveLength(1);
    expect(errorIn(() => tokensOf({ ...env, DEMO: "true" })).path).toBe("0.principal");
  });
});
