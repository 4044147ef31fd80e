/**
 * A connector of its own to servers of either generation, by Streamable HTTP and without an SDK.
 * @module
 */
import type { Credentials } from "./authorization.ts";
import type { Connector } from "./connection.ts";
import { HttpTransport } from "./http-transport.ts";
import { type UrlOptions, urlConnector } from "./url-connector.ts";

export type { AuthorizationTarget, Credentials } from "./authorization.ts";
export type { Connector } from "./connection.ts";
export type { Fetch } from "./exchange.ts";
export type { UrlOptions } from "./url-connector.ts";

/** Returns the access token, without "Bearer". Called before each request; `undefined` sends none. */
export type TokenSource = () => string | undefined | Promise<string | undefined>;

export interface HttpOptions extends UrlOptions {
  /**
   * An access token for each request: a function that returns the current one, or `oauth()` of `holdfast/oauth`. After a
   * 401 a function is called once more, and the request is repeated if it returns another token.
   */
  readonly authorization?: TokenSource | Credentials;
}

/**
 * Connects to a server of either generation by its address.
 * Throws a TypeError if the address is not http or https, or if it is relative outside of a page.
 * @example
 * const tasks = new TaskClient({ store: indexedDbStore(), endpoints: { papers: fromUrl("https://papers.example/mcp") } });
 */
export function fromUrl(url: string | URL, options: HttpOptions = {}): Connector {
  const { authorization, fetch = (input, init) => globalThis.fetch(input, init) } = options;
  const credentials = typeof authorization === "function" ? tokens(authorization) : authorization;
  return urlConnector(
    url,
    options,
    (address, seed) => new HttpTransport(address, seed),
    credentials && { credentials, fetch },
  );
}

function tokens(token: TokenSource): Credentials {
  return { provider: token, token, renew: async () => false };
}
