import { z } from "zod";
import { refusalOf } from "../outbound/address.ts";
import { ConfigurationError } from "./configuration-error.ts";
import { jsonVar, varOf } from "./json-var.ts";
import { jwtOf } from "./jwt.ts";
import { withSecrets } from "./secret-references.ts";

/** An OpenID Connect issuer, or GitHub, at which people sign in on their way through the consent page. */
export interface SignInSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** With the secret in its place. */
  readonly clientSecret: string;
  /** The claim that names the principal: of the ID token, or of GitHub's user. */
  readonly principalClaim: string;
  /** Put before that claim. No principal of TOKENS begins with it. */
  readonly principalPrefix: string;
  /** The values of the claim that are let in. */
  readonly allow: "everyone" | readonly string[];
  /** The issuer is on a private address, or has no TLS. */
  readonly allowPrivate: boolean;
}

/** How the worker is an OAuth authorization server for its own `/mcp`. */
export interface OAuthSettings {
  readonly signIn?: SignInSettings;
}

/** GitHub signs people in by OAuth without OpenID Connect: this issuer stands for it. */
export const GITHUB = "https://github.com";

const text = z.string().min(1, "must not be empty");

const schema = z.strictObject({
  signIn: z
    .strictObject({
      issuer: text,
      clientId: text,
      clientSecret: text,
      principalClaim: text.optional(),
      principalPrefix: z
        .string()
        .regex(/^[A-Za-z0-9_.@|:-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ . @ | : -")
        .default("oidc:"),
      // Of a public issuer, everyone is everyone on the Internet.
      allow: z.union([z.literal("everyone"), z.array(text).min(1)]),
      allowPrivate: z.boolean().default(false),
    })
    .superRefine(({ issuer, allowPrivate }, context) => {
      const refusal = URL.canParse(issuer)
        ? refusalOf(new URL(issuer), { allowPrivate })
        : "is not an address";
      if (refusal) context.addIssue({ code: "custom", path: ["issuer"], message: refusal });
    })
    .optional(),
});

const written = jsonVar<z.infer<typeof schema> | undefined>("OAUTH", schema, undefined);

/**
 * The var OAUTH; undefined where clients bring their own token. Some clients ignore a configured header once discovery
 * answers, so nothing of it answers by default.
 * @throws ConfigurationError if there is no KV namespace for the grants, a secret is missing, or a person of one issuer could
 * be the principal of another.
 */
export function oauthOf(env: object): OAuthSettings | undefined {
  const found = written(env);
  if (!found) return undefined;
  if (varOf(env, "OAUTH_KV") === undefined)
    throw new ConfigurationError("OAUTH", [], "needs a KV namespace, bound as OAUTH_KV");
  const { signIn } = found;
  if (!signIn) return {};
  const jwt = jwtOf(env);
  const { issuer, principalPrefix: prefix } = signIn;
  if (
    jwt &&
    jwt.issuer !== issuer &&
    (jwt.principalPrefix.startsWith(prefix) || prefix.startsWith(jwt.principalPrefix))
  )
    throw new ConfigurationError(
      "OAUTH",
      ["signIn", "principalPrefix"],
      "meets that of JWT, of another issuer: two people could be one principal",
    );
  const { principalClaim = issuer === GITHUB ? "id" : "sub" } = signIn;
  const clientSecret = withSecrets(env, signIn.clientSecret, ["signIn", "clientSecret"], "OAUTH");
  return { signIn: { ...signIn, principalClaim, clientSecret } };
}

/** Whether OAUTH is set, rightly or not: for answers that a wrong value must not change into errors. */
export function isOAuthSet(env: object): boolean {
  return ![undefined, null, ""].some((absent) => absent === varOf(env, "OAUTH"));
}

/** What the principals that come by sign-in begin with. Does not look at the secrets. */
export function signInPrefixOf(env: object): string | undefined {
  return written(env)?.signIn?.principalPrefix;
}

export function isAllowed({ allow }: SignInSettings, claim: string): boolean {
  return allow === "everyone" || allow.includes(claim);
}
