import { readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { listen } from "../../test/edge/gateway/node-http.ts";
import { machineNow, TimedServer } from "./timed-server.ts";

// A process of its own: what the bench or a page is busy with must not delay it. Started by `page-server.ts`.
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };
/** For pages and scripts without code of their own. */
const EMPTY_PAGE = "<!doctype html><meta charset=utf-8><title>bench</title>";

const folder = process.argv[2] ?? "";
const server = new TimedServer();

const { url } = await listen(async (request) => {
  const { pathname, search } = new URL(request.url);
  if (pathname.startsWith("/mcp/")) return server.fetch(request);
  if (pathname === "/now") return new Response(String(machineNow()));
  if (pathname === "/counts") return Response.json(server.takeCounts());
  // A script whose first line says what is to be loaded: each query is a service worker of its own.
  if (pathname === "/worker.js") return script(workerOf(new URLSearchParams(search).get("bundle") ?? ""));
  if (pathname === "/") return new Response(EMPTY_PAGE, { headers: { "content-type": "text/html" } });
  const name = basename(pathname);
  const code = await readFile(join(folder, name)).catch(() => undefined);
  if (!code) return new Response(null, { status: 404 });
  return new Response(code, { headers: { "content-type": TYPES[extname(name)] ?? "text/plain" } });
});
process.send?.(url.replace(/\/mcp$/, ""));

function workerOf(bundle: string): string {
  return `const began = performance.now();
importScripts(${JSON.stringify(`/${basename(bundle)}`)});
const took = performance.now() - began;
self.addEventListener("message", ({ ports }) => ports[0].postMessage(took));
self.addEventListener("install", () => self.skipWaiting());`;
}

function script(code: string): Response {
  return new Response(code, { headers: { "content-type": "text/javascript" } });
}
