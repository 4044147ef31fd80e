import * as z from "zod";
import { consentSecretOf } from "../config/consent.ts";
import { principalSchema } from "../config/names.ts";
import { Seal } from "../consent/seal.ts";

/** How long a person who has signed in on a page here may connect servers without signing in again, in seconds. */
const LIFE_S = 600;
const COOKIE = "__Host-holdfast-person";
const PURPOSE = "person";

const sealed = z.object({ principal: principalSchema, until: z.number() });

/** The `Set-Cookie` by which a browser is known as this principal's. */
export async function personCookie(env: object, principal: string): Promise<string> {
  const until = Date.now() + LIFE_S * 1_000;
  const value = await new Seal(consentSecretOf(env)).sealed({ principal, until }, PURPOSE);
  return cookie(COOKIE, value, LIFE_S);
}

/** The principal that signed in with this browser within the last ten minutes. */
export async function personOf(env: object, request: Request): Promise<string | undefined> {
  const value = cookieOf(request, COOKIE);
  if (value === undefined) return undefined;
  const found = sealed.safeParse(await new Seal(consentSecretOf(env)).opened(value, PURPOSE)).data;
  return found && Date.now() < found.until ? found.principal : undefined;
}

/** A cookie of this host alone, which no script reads. @param lifeS 0 deletes it. */
export function cookie(name: string, value: string, lifeS: number): string {
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${lifeS}`;
}

export function cookieOf(request: Request, name: string): string | undefined {
  const pairs = (request.headers.get("cookie") ?? "").split(/; */);
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
