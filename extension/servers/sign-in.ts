import { isRecord } from "../app/is-record.ts";

/** A grant of an authorization server, and what renews it. The options page makes it; the worker renews it. */
export interface SignIn {
  readonly clientId: string;
  /** Only of clients that the authorization server gave one. */
  readonly clientSecret?: string;
  /** Whether the secret goes into the `Authorization` header (`client_secret_basic`). */
  readonly isBasic?: boolean;
  /** The authorization server. */
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** RFC 7009. */
  readonly revocationEndpoint?: string;
  /** What the tokens are for (RFC 8707). */
  readonly resource?: string;
  readonly accessToken: string;
  readonly refreshToken?: string;
}

export function readSignIn(stored: unknown): SignIn | undefined {
  if (!isRecord(stored)) return undefined;
  const { clientId, issuer, tokenEndpoint, accessToken } = stored;
  return [clientId, issuer, tokenEndpoint, accessToken].every((part) => typeof part === "string")
    ? (stored as unknown as SignIn)
    : undefined;
}
