import { z } from "zod";
import { ConfigurationError } from "./configuration-error.ts";
import { DEMO_PRINCIPAL, isDemo } from "./demo.ts";
import { jsonVar } from "./json-var.ts";
import { jwtOf } from "./jwt.ts";
import { principalSchema } from "./names.ts";
import { signInPrefixOf } from "./oauth.ts";
import { OWNER, ownerSecretOf } from "./owner.ts";

/** A token as it is configured: known by its hash only. */
export interface HashedToken {
  readonly principal: string;
  /** SHA-256 of the token's characters, 32 bytes. */
  readonly sha256: Uint8Array;
}

const hash = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, {
    error: "must be the SHA-256 of the token, in 64 hexadecimal digits",
    abort: true,
  })
  .transform((hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)));

const schema = z
  .array(z.strictObject({ principal: principalSchema, sha256: hash }))
  .superRefine((tokens, context) => {
    const seen = new Set<string>();
    for (const [index, { sha256 }] of tokens.entries()) {
      const key = sha256.join();
      if (seen.has(key))
        context.addIssue({ code: "custom", path: [index, "sha256"], message: "is there twice" });
      seen.add(key);
    }
  });

const configuredTokens = jsonVar<readonly HashedToken[]>("TOKENS", schema, []);

/** Of the token "demo". */
const DEMO_TOKEN: HashedToken = {
  principal: DEMO_PRINCIPAL,
  sha256: hash.parse("2a97516c354b68848cdbd8f54a226a0a55b21ed138e207ad6c5cbb9c00aa5aea"),
};

/**
 * The var TOKENS, and the demo's own token in the demo.
 * @throws ConfigurationError if a principal of it, or `owner`, could also come by a JWT, a sign-in, or by the demo's token.
 */
export function tokensOf(env: object): readonly HashedToken[] {
  const tokens = configuredTokens(env);
  const prefix = jwtOf(env)?.principalPrefix;
  const signInPrefix = signInPrefixOf(env);
  const demo = isDemo(env);
  for (const [index, { principal }] of tokens.entries()) {
    const refuse = (reason: string): never => {
      throw new ConfigurationError("TOKENS", [index, "principal"], reason);
    };
    if (prefix !== undefined && principal.startsWith(prefix))
      refuse("begins with the principalPrefix of JWT: another person's token could have it");
    if (signInPrefix !== undefined && principal.startsWith(signInPrefix))
      refuse("begins with the principalPrefix of OAUTH.signIn: another person could have it");
    if (demo && principal === DEMO_PRINCIPAL) refuse("is the demo's, whose token anyone can guess");
  }
  const prefixes = { JWT: prefix, OAUTH: signInPrefix };
  for (const [variable, of] of Object.entries(prefixes))
    if (of !== undefined && ownerSecretOf(env) !== undefined && OWNER.startsWith(of))
      throw new ConfigurationError(variable, ["principalPrefix"], "begins `owner`, which OWNER_SECRET names");
  return demo ? [...tokens, DEMO_TOKEN] : tokens;
}
