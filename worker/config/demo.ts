import { varOf } from "./json-var.ts";

/** The demo has sample servers and a token anyone can guess. */
export function isDemo(env: object): boolean {
  const value = varOf(env, "DEMO");
  return value === "true" || value === true;
}
