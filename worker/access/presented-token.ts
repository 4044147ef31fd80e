/** Longer ones are no token of ours, and cost a hash. In characters. */
const MAX_LENGTH = 8192;

/**
 * The token of an `Authorization: Bearer` header (RFC 6750). Nothing else is looked at: not the query, not a cookie. RFC 6750
 * has no colon in a token; those that the OAuth server issues have two.
 */
export function presentedToken(header: string | undefined): string | undefined {
  if (header === undefined || header.length > MAX_LENGTH) return undefined;
  return /^Bearer +([A-Za-z0-9\-._~+/:]+=*)$/i.exec(header)?.[1];
}
