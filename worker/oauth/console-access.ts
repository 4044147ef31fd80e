import { AuthorizationError, type AuthRequest } from "@cloudflare/workers-oauth-provider";

/** The scope of the console's token: no token of an agent has it, and the console's has no other. */
export const CONSOLE_SCOPE = "console";

/**
 * How long the console's token lives, in seconds. It cannot be refreshed: a tab that is duplicated takes its storage along, and
 * two tabs that refresh with one token are taken for a theft (RFC 9700, section 4.14.2).
 */
export const CONSOLE_ACCESS_S = 12 * 3_600;

/** What the console's token is for: the API. */
export function consoleResource(origin: string): string {
  return `${origin}/v1`;
}

export function isForConsole({ resource }: Pick<AuthRequest, "resource">, origin: string): boolean {
  return [resource].flat().includes(consoleResource(origin));
}

/**
 * The API can do all that the person can: end agents' access, read every task. So its codes go to the console's own page alone,
 * at this origin, whatever client asks. That page takes only an answer to a sign-in that it began itself.
 * @throws AuthorizationError for a request for the API whose code would go elsewhere.
 */
export function checkConsole(request: AuthRequest, origin: string): void {
  if (isForConsole(request, origin) && request.redirectUri !== `${origin}/`)
    throw new AuthorizationError("invalid_target", {
      description: "Only the console of this worker can ask for its API",
    });
}
