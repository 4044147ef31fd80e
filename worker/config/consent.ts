import { ConfigurationError } from "./configuration-error.ts";
import { varOf } from "./json-var.ts";

/**
 * The secret CONSENT_SECRET: what people's tokens for endpoints with `consent` are encrypted with.
 * @throws ConfigurationError if it is missing or short.
 */
export function consentSecretOf(env: object): string {
  const secret = varOf(env, "CONSENT_SECRET");
  if (typeof secret !== "string" || secret.length < 32)
    throw new ConfigurationError(
      "CONSENT_SECRET",
      [],
      "must have 32 characters or more: an endpoint has `consent`",
    );
  return secret;
}
