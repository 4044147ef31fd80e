import { Hono } from "hono";
import { type AccessOptions, type AccessVariables, access } from "../../../worker/access/principal.ts";

/** An app with one route behind the middleware, which answers with the principal that got in. */
export function gate(env: object, options?: AccessOptions) {
  const app = new Hono<{ Bindings: object; Variables: AccessVariables }>();
  app.use("/v1/*", access(options));
  app.get("/v1/me", (c) => c.json({ principal: c.var.principal }));
  app.onError((error, c) => c.json({ thrown: error.name, message: error.message }, 500));

  return async (headers: HeadersInit = {}, path = "/v1/me") => {
    const response = await app.request(path, { headers }, env);
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  };
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** As TOKENS wants it. */
export async function sha256(token: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What everyone gets who is not let in, whatever was wrong. */
export const REFUSED = {
  status: 401,
  headers: {
    "cache-control": "no-store",
    "content-type": "application/problem+json",
    "www-authenticate": 'Bearer realm="holdfast"',
  },
  body: JSON.stringify({
    type: "about:blank",
    title: "Unauthorized",
    status: 401,
    detail: "A valid bearer token is needed.",
    instance: "/v1/me",
    code: "unauthorized",
  }),
};
