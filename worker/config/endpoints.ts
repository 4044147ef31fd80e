import { type Pairs, PairsError, readPairs } from "holdfast/pairs";
import { z } from "zod";
import { IDEMPOTENCY_KEY, META_KEY } from "../../src/protocol/meta-keys.ts";
import { refusalOf } from "../outbound/address.ts";
import { ConfigurationError } from "./configuration-error.ts";
import { DEMO_PRINCIPAL, isDemo } from "./demo.ts";
import { budgetSchema } from "./gateway.ts";
import { credentialsIn, headerNameProblem, headerValueProblem } from "./header-rules.ts";
import { jsonVar, varOf } from "./json-var.ts";
import { endpointNameSchema } from "./names.ts";
import { secretsIn, withSecrets } from "./secret-references.ts";

/** What callers may know of an endpoint. */
export interface EndpointListing {
  readonly name: string;
  readonly title?: string;
  /** It is used on behalf of each person, who has to consent at its server. */
  readonly isPersonal?: boolean;
}

/** The authorization code grant, by each principal. Without an id, the worker registers at the server. */
export interface ConsentConfig {
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly scope?: string | undefined;
}

/** The client credentials grant. */
export interface OAuthConfig {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The credentials are sent to this authorization server and to no other, whatever the endpoint says. */
  readonly issuer: string;
  readonly scope?: string;
}

/** An upstream server, with the secrets in their places. */
export interface EndpointConfig extends EndpointListing {
  readonly url: string;
  /** Which generation to speak; `auto` asks the server. */
  readonly era: "auto" | "2025-11-25" | "2026-07-28";
  /** Sent with every request to its origin and to no other. Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly oauth?: OAuthConfig;
  readonly consent?: ConsentConfig;
  /** Its address is private, or without TLS, and that is meant. */
  readonly allowPrivate: boolean;
  /** Its start/get pairs of tools, for a server that knows no Tasks. */
  readonly pairs?: Pairs;
  /** The key of `_meta` under which it takes idempotency keys. */
  readonly idempotencyKey?: string;
  /** What must never be seen in what the server sends: the secrets of the headers and of `oauth`. */
  readonly secrets: readonly string[];
  /** The service binding that `url` is fetched through, not over a network. */
  readonly service?: string;
  /** The demo's own: `url` is fetched from the SAMPLE_LAB object of this name, not over a network. */
  readonly sampleLab?: string;
}

const text = z.string().min(1, "must not be empty");

const pairsSchema = z.unknown().transform((value, context): Pairs => {
  try {
    return readPairs(value);
  } catch (error) {
    if (!(error instanceof PairsError)) throw error;
    context.addIssue({ code: "custom", message: error.problem, path: error.path.split(".").filter(Boolean) });
    return z.NEVER;
  }
});

const endpointSchema = z
  .strictObject({
    url: text,
    title: text.max(200).optional(),
    era: z.enum(["auto", "2025-11-25", "2026-07-28"]).default("auto"),
    headers: z.record(z.string(), z.string()).default({}),
    oauth: z
      .strictObject({ clientId: text, clientSecret: text, issuer: z.url(), scope: text.optional() })
      .optional(),
    consent: z
      .union([
        z.literal(true).transform((): ConsentConfig => ({})),
        z.strictObject({ clientId: text, clientSecret: text.optional(), scope: text.optional() }),
      ])
      .optional(),
    allowPrivate: z.boolean().default(false),
    service: text.optional(),
    budgetMs: budgetSchema.optional(),
    pairs: pairsSchema.optional(),
    idempotencyKey: z
      .union([
        z.literal(true).transform((): string => IDEMPOTENCY_KEY),
        z.string().regex(META_KEY, "must be true, or a key of _meta such as com.example/idempotency-key"),
      ])
      .optional(),
  })
  .superRefine(({ url, allowPrivate, headers, oauth, consent, service }, context) => {
    const problem = (message: string, ...path: string[]) =>
      context.addIssue({ code: "custom", path, message });
    const refusal = URL.canParse(url) ? refusalOf(new URL(url), { allowPrivate }) : "is not an address";
    if (refusal) problem(refusal, "url");
    const names = Object.keys(headers);
    for (const name of names) {
      const reason = headerNameProblem(name);
      if (reason) problem(reason, "headers", name);
    }
    const distinct = new Set(names.map((name) => name.toLowerCase()));
    if (distinct.size < names.length) problem("has a header twice", "headers");
    if (oauth && consent) problem("cannot be there beside oauth", "consent");
    // Tokens would be asked for through the binding, too.
    if ((oauth || consent) && service !== undefined)
      problem("cannot be there beside oauth or consent", "service");
    if ((oauth || consent) && distinct.has("authorization"))
      problem("cannot be there beside oauth", "headers", "authorization");
  });

type WrittenEndpoint = z.infer<typeof endpointSchema>;

const writtenEndpoints = jsonVar<Readonly<Record<string, WrittenEndpoint>>>(
  "ENDPOINTS",
  z.record(endpointNameSchema, endpointSchema),
  {},
);

/** What this principal may call: all endpoints, or the sample servers alone with the demo's own token. */
export function endpointsOf(env: object, principal: string): readonly EndpointListing[] {
  // Read in any case: a wrong configuration shows at the first request.
  const all = allEndpoints(env);
  const written = writtenEndpoints(env);
  const guest = isDemo(env) && principal === DEMO_PRINCIPAL;
  return guest ? all.filter(({ name }) => !Object.hasOwn(written, name)) : all;
}

/** The var ENDPOINTS, and the sample servers in the demo. */
export function allEndpoints(env: object): readonly EndpointListing[] {
  const written = writtenEndpoints(env);
  const configured = Object.entries(written).map(([name, { title, consent }]) =>
    listing(name, title, consent),
  );
  const samples = isDemo(env) ? SAMPLES.map(({ name, title }) => listing(name, title)) : [];
  return [...configured, ...samples.filter(({ name }) => !Object.hasOwn(written, name))];
}

/** The longest that a call of the gateway to this endpoint is held, in ms, where one is configured for it. */
export function budgetOf(env: object, name: string): number | undefined {
  const endpoints = writtenEndpoints(env);
  return Object.hasOwn(endpoints, name) ? endpoints[name]?.budgetMs : undefined;
}

/**
 * One endpoint, ready to be called; undefined if no endpoint has that name.
 * @throws ConfigurationError if a secret of it is missing or cannot be sent. Other endpoints can be used all the same.
 */
export function endpointOf(env: object, name: string): EndpointConfig | undefined {
  const endpoints = writtenEndpoints(env);
  const written = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined;
  if (!written) return isDemo(env) ? SAMPLES.find((sample) => sample.name === name) : undefined;
  const {
    url,
    title,
    era,
    headers: writtenHeaders,
    oauth,
    consent,
    allowPrivate,
    service,
    pairs,
    idempotencyKey,
  } = written;
  if (service !== undefined && !isFetching(varOf(env, service)))
    throw new ConfigurationError("ENDPOINTS", [name, "service"], "names no service binding");
  const consentSecret =
    consent?.clientSecret === undefined
      ? undefined
      : sendable(env, consent.clientSecret, [name, "consent", "clientSecret"]);
  const headers = Object.fromEntries(
    Object.entries(writtenHeaders).map(([header, value]) => [
      header.toLowerCase(),
      sendable(env, value, [name, "headers", header]),
    ]),
  );
  return {
    ...listing(name, title, consent),
    url,
    era,
    headers,
    ...(oauth && {
      oauth: {
        clientId: sendable(env, oauth.clientId, [name, "oauth", "clientId"]),
        clientSecret: sendable(env, oauth.clientSecret, [name, "oauth", "clientSecret"]),
        issuer: oauth.issuer,
        ...(oauth.scope !== undefined && { scope: oauth.scope }),
      },
    }),
    ...(consent && { consent: { ...consent, clientSecret: consentSecret } }),
    allowPrivate,
    ...(service !== undefined && { service }),
    ...(pairs && { pairs }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    secrets: [
      ...(consentSecret === undefined ? [] : [consentSecret]),
      ...Object.values(writtenHeaders).flatMap((value) => secretsIn(env, value)),
      ...Object.entries(headers).flatMap(([header, value]) => credentialsIn(header, value)),
      ...(oauth ? [withSecrets(env, oauth.clientSecret, [name, "oauth", "clientSecret"])] : []),
    ],
  };
}

function isFetching(binding: unknown): boolean {
  return typeof (binding as { readonly fetch?: unknown } | undefined)?.fetch === "function";
}

function listing(name: string, title: string | undefined, consent?: ConsentConfig): EndpointListing {
  return { name, ...(title !== undefined && { title }), ...(consent && { isPersonal: true }) };
}

/** Of OAuth's as of headers: a line break at the end of a secret is a mistake that a server would only call unauthorized. */
function sendable(env: object, written: string, path: readonly string[]): string {
  const value = withSecrets(env, written, path);
  const problem = headerValueProblem(value);
  if (problem) throw new ConfigurationError("ENDPOINTS", path, problem);
  return value;
}

const SAMPLES: readonly EndpointConfig[] = [
  sample("sample-2025", "2025-11-25"),
  sample("sample-2026", "2026-07-28"),
];

function sample(name: string, era: "2025-11-25" | "2026-07-28"): EndpointConfig {
  return {
    name,
    title: `Sample server, MCP ${era}`,
    url: `https://holdfast.invalid/samples/demo/${era}/mcp`,
    era,
    headers: {},
    allowPrivate: false,
    secrets: [],
    sampleLab: "demo",
  };
}
