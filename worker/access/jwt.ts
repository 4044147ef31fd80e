import { createRemoteJWKSet, customFetch, errors, jwtVerify } from "jose";
import type { JwtConfig } from "../config/jwt.ts";
import { principalSchema } from "../config/names.ts";
import { type FetchLike, guardedFetch } from "../outbound/guarded-fetch.ts";

/**
 * Those with a public key only. With a shared secret among them, anybody who knows the public key could sign (RFC 8725, 2.1).
 */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** A key is some 500 bytes. */
const MAX_JWKS_BYTES = 262_144;
/** How far the issuer's clock may be from ours, in seconds. */
const CLOCK_TOLERANCE_S = 30;

/** The issuer's keys cannot be had, so nothing can be said of a token. */
export class KeysUnavailableError extends Error {
  override readonly name = "KeysUnavailableError";
}

/** The principal of a JWT, or undefined if it is not to be believed, for whatever reason. */
export type JwtVerifier = (token: string) => Promise<string | undefined>;

/** Keeps the issuer's keys for ten minutes: make one for each configuration, not for each request. */
export function jwtVerifier(config: JwtConfig, fetch?: FetchLike): JwtVerifier {
  const keys = createRemoteJWKSet(new URL(config.jwks), {
    [customFetch]: guardedFetch({
      allowPrivate: config.allowPrivate,
      maxBytes: MAX_JWKS_BYTES,
      ...(fetch && { fetch }),
    }),
  });
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ["exp", config.principalClaim],
      });
      const claim = payload[config.principalClaim];
      if (typeof claim !== "string" || claim === "") return undefined;
      return principalSchema.safeParse(config.principalPrefix + claim).data;
    } catch (error) {
      if (isAboutToken(error)) return undefined;
      throw new KeysUnavailableError("The issuer's keys cannot be had", { cause: error });
    }
  };
}

/** All that `jose` says of a token has a class; what remains are the keys, and the way to them. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}
