import type { MiddlewareHandler } from "hono";
import type { Bindings } from "../bindings.ts";
import { corsOriginsOf } from "../config/cors.ts";
import { isDemo } from "../config/demo.ts";
import { problem } from "../http/problem.ts";

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Refuses pages of origins that are not in `CORS_ORIGINS`. A browser sends `Origin` with whatever a page sends on its own
 * account; CORS alone lets such a request through and hides the answer only (2025-11-25 transports, "Security Warning").
 * @param sameOrigin Whether the worker's own pages may call.
 */
export function knownOrigin(sameOrigin: boolean): MiddlewareHandler<{ Bindings: Bindings }> {
  return async (c, next) => {
    const origin = c.req.header("origin");
    const own = sameOrigin && origin === new URL(c.req.url).origin;
    if (origin !== undefined && !own && !corsOriginsOf(c.env).includes(origin))
      return problem(c, 403, "origin-refused", "Pages of this origin may not call here.");
    return next();
  };
}

/**
 * Refuses, in the demo, requests over plain HTTP under a name that is not this machine's: anyone can guess its token, and
 * a page may have pointed its own name here (DNS rebinding). A deployed demo is reached by HTTPS, where no foreign name has
 * a certificate.
 */
export const ownHost: MiddlewareHandler<{ Bindings: Bindings }> = async (c, next) => {
  if (!isDemo(c.env)) return next();
  const { protocol, hostname } = new URL(c.req.url);
  if (protocol === "http:" && !LOOPBACK.test(hostname))
    return problem(
      c,
      403,
      "host-refused",
      "Over plain HTTP the demo answers on this machine only: use 127.0.0.1.",
    );
  return next();
};
