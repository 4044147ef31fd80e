import { z } from "zod";
import { ConfigurationError } from "./configuration-error.ts";
import { jsonVar, varOf } from "./json-var.ts";

/** How the worker is an OAuth authorization server for its own `/mcp`. */
export type OAuthSettings = z.infer<typeof schema>;

const schema = z.strictObject({});

const settings = jsonVar<OAuthSettings | undefined>("OAUTH", schema, undefined);

/**
 * The var OAUTH; undefined where clients bring their own token. Some clients ignore a configured header once discovery
 * answers, so nothing of it answers by default.
 * @throws ConfigurationError if there is no KV namespace for the grants.
 */
export function oauthOf(env: object): OAuthSettings | undefined {
  const found = settings(env);
  if (found && varOf(env, "OAUTH_KV") === undefined)
    throw new ConfigurationError("OAUTH", [], "needs a KV namespace, bound as OAUTH_KV");
  return found;
}
