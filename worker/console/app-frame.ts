import { Hono } from "hono";
import type { Bindings } from "../bindings.ts";

/**
 * The policy of the page that MCP Apps run in (SEP-1865, "Content Security Policy Enforcement"). It is stricter than the
 * extension's default: an app reaches no network at all, whatever domains it declares. `sandbox` makes the origin opaque,
 * also where somebody opens the address by itself. The console reads this header before it hands over an app.
 */
const POLICY = [
  "sandbox allow-scripts",
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "media-src data: blob:",
  "font-src data:",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  // The console alone: it is at this origin.
  "frame-ancestors 'self'",
].join("; ");

/** Takes one app from the console, and becomes it. Messages of the app then go to the console without a detour. */
const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>App of an MCP server</title>
<script>
(() => {
  if (parent === window) return;
  addEventListener("message", function take({ source, data }) {
    if (source !== parent || data?.method !== "ui/notifications/sandbox-resource-ready") return;
    removeEventListener("message", take);
    document.open();
    document.write(data.params.html);
    document.close();
  });
  parent.postMessage({ jsonrpc: "2.0", method: "ui/notifications/sandbox-proxy-ready", params: {} }, "*");
})();
</script>
</html>
`;

/** `GET /app-frame`: an empty page of an opaque origin, for the MCP Apps that the console shows. */
export function appFrame(): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.get("/app-frame", (c) => {
    c.header("content-security-policy", POLICY);
    c.header("cache-control", "no-cache");
    c.header("x-content-type-options", "nosniff");
    c.header("referrer-policy", "no-referrer");
    c.header("x-dns-prefetch-control", "off");
    return c.html(PAGE);
  });
  return app;
}
