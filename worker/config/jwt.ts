import { z } from "zod";
import { refusalOf } from "../outbound/address.ts";
import { jsonVar } from "./json-var.ts";

/** Whose JWTs are believed. */
export interface JwtConfig {
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer's public keys are. */
  readonly jwks: string;
  /** The claim that names the principal. */
  readonly principalClaim: string;
  /**
   * Put before that claim. No principal of TOKENS begins with it, so a subject of the issuer is never one of those.
   */
  readonly principalPrefix: string;
  /** The header the token comes in, instead of `Authorization`: of a proxy that signs people in, such as Cloudflare Access. */
  readonly header?: string | undefined;
  /** The keys are on a private address, or come without TLS. */
  readonly allowPrivate: boolean;
}

const text = z.string().min(1, "must not be empty");

const schema = z
  .strictObject({
    issuer: text,
    audience: text,
    jwks: text,
    principalClaim: text.default("sub"),
    principalPrefix: z
      .string()
      .regex(/^[A-Za-z0-9_.@|:-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ . @ | : -")
      .default("jwt:"),
    header: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, "must be the name of a header")
      .refine((name) => name.toLowerCase() !== "authorization", "is where the token comes anyway")
      .optional(),
    allowPrivate: z.boolean().default(false),
  })
  .superRefine(({ jwks, allowPrivate }, context) => {
    const refusal = URL.canParse(jwks) ? refusalOf(new URL(jwks), { allowPrivate }) : "is not an address";
    if (refusal) context.addIssue({ code: "custom", path: ["jwks"], message: refusal });
  });

/** The var JWT; undefined where only the tokens of TOKENS are let in. */
export const jwtOf: (env: object) => JwtConfig | undefined = jsonVar<JwtConfig | undefined>(
  "JWT",
  schema,
  undefined,
);
