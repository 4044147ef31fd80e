import * as z from "zod";
import { consentSecretOf } from "../config/consent.ts";
import { Seal } from "../consent/seal.ts";
import { cookie, cookieOf } from "./person.ts";

/** How long a page may stay open before its form is sent, in seconds. */
const LIFE_S = 600;
const COOKIE = "__Host-holdfast-browser";

const sealed = z.object({ until: z.number() });

/** The handle of a page for one browser, and the `Set-Cookie` by which the browser is known. Several pages may be open. */
export async function newHandle(
  env: object,
  request: Request,
): Promise<{ readonly handle: string; readonly cookie: string }> {
  const browser = cookieOf(request, COOKIE) ?? crypto.randomUUID();
  const until = Date.now() + LIFE_S * 1_000;
  const handle = await new Seal(consentSecretOf(env)).sealed({ until }, purposeOf(browser));
  return { handle, cookie: cookie(COOKIE, browser, LIFE_S) };
}

/** Whether the handle is of a page that this browser opened within the last ten minutes. */
export async function isOwnHandle(env: object, request: Request, handle: string): Promise<boolean> {
  const browser = cookieOf(request, COOKIE);
  if (browser === undefined) return false;
  const opened = await new Seal(consentSecretOf(env)).opened(handle, purposeOf(browser));
  const { until } = sealed.safeParse(opened).data ?? { until: 0 };
  return Date.now() < until;
}

function purposeOf(browser: string): string {
  return `page ${browser}`;
}
