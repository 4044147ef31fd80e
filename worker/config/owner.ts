import { ConfigurationError } from "./configuration-error.ts";
import { varOf } from "./json-var.ts";

/** The principal of OWNER_SECRET. */
export const OWNER = "owner";

/**
 * The secret OWNER_SECRET: a token of the principal `owner`, for a deployment that has one user. Undefined where it is not set.
 * @throws ConfigurationError if it could be guessed, or could not be sent as a bearer token.
 */
export function ownerSecretOf(env: object): string | undefined {
  const secret = varOf(env, "OWNER_SECRET");
  if (secret === undefined || secret === "") return undefined;
  if (typeof secret !== "string" || !/^[A-Za-z0-9\-._~+/]{20,256}$/.test(secret))
    throw new ConfigurationError("OWNER_SECRET", [], "must be 20 to 256 of A-Z a-z 0-9 - . _ ~ + /");
  return secret;
}
