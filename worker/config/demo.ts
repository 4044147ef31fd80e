import { varOf } from "./json-var.ts";

/** Whose token anyone can guess: it may use the sample servers, and no endpoint beside them. */
export const DEMO_PRINCIPAL = "demo";

/** The demo has sample servers and a token anyone can guess. */
export function isDemo(env: object): boolean {
  const value = varOf(env, "DEMO");
  return value === "true" || value === true;
}
