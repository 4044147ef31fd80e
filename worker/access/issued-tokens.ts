/** The access tokens that the worker itself issues as an OAuth authorization server. */
export interface IssuedTokens {
  /** The principal of a token; undefined for one that is unknown, expired or revoked, or issued for another resource. */
  principalOf(url: URL, token: string): Promise<string | undefined>;
  /** The `WWW-Authenticate` of a 401: where the client learns how to sign in (RFC 9728, section 5.1). */
  challenge(url: URL, presented: boolean): string;
}

/**
 * Whether a token has the form of an issued one, `<user>:<grant>:<secret>`. Longer ones would be no key of the KV namespace,
 * which has 512 bytes.
 */
export function isIssued(token: string): boolean {
  return /^[A-Za-z0-9_-]{1,200}:[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,64}$/.test(token);
}
