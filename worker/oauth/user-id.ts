import { base64url } from "../http/base64.ts";

/** The library's name for a principal. Its user ids stand between colons in tokens and keys, and principals may have colons. */
export function userIdOf(principal: string): string {
  return base64url(principal);
}
