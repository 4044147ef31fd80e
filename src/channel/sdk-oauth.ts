/**
 * OAuth for `holdfast/http`, by the `auth()` of `@modelcontextprotocol/client`, which is loaded at the first 401.
 * @module
 */
import type { OAuthClientProvider } from "@modelcontextprotocol/client";
import type { Credentials } from "./authorization.ts";
import { oauthBy } from "./sdk-sign-in.ts";

export type { AuthorizationTarget, Credentials } from "./authorization.ts";
export type { Fetch } from "./exchange.ts";

const NO_CLIENT =
  "holdfast/oauth needs the package @modelcontextprotocol/client: npm install @modelcontextprotocol/client";

/**
 * Signs in and refreshes tokens by OAuth. Tokens stay with the provider. Polls only refresh them, once for all tabs; a sign-in
 * is only asked for when a person has started a call, `listTools`, `session` or `request`. Until then the failure in a task's
 * `retry` is `unauthorized`. Where `import()` does not exist (a service worker), use `fromUrl` of `holdfast/sdk-v2`, which has
 * DPoP, too.
 * @example
 * const papers = fromUrl("https://papers.example/mcp", { authorization: oauth(provider) });
 */
export function oauth(provider: OAuthClientProvider): Credentials {
  return oauthBy(
    () =>
      import("@modelcontextprotocol/client").catch((cause: unknown) => {
        // A chunk that could not be fetched is another failure.
        throw /resolve|Cannot find/.test(String(cause)) ? new Error(NO_CLIENT, { cause }) : cause;
      }),
    provider,
  );
}
