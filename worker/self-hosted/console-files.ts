import { base64url } from "../http/base64.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Answers with a file of the console, as Cloudflare's static assets would. workerd's disk service alone knows no content types.
 * @param disk The folder that the console was built into.
 */
export async function consoleFile(request: Request, disk: Fetcher): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405 });
  const { pathname } = new URL(request.url);
  const path = pathname === "/" ? "/index.html" : pathname;
  // A path without a known ending may be a folder, which the disk service would list.
  const type = TYPES[/\.(\w+)$/.exec(path)?.[1] ?? ""];
  const file = type === undefined ? undefined : await disk.fetch(`http://disk${path}`);
  if (!type || !file?.ok) return new Response("Not found\n", { status: 404 });
  const body = await file.arrayBuffer();
  // Not the date of the file: an archive of a package has one date for all files of all versions.
  const digest = base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", body)));
  const headers = new Headers({ "content-type": type, etag: `"${digest}"`, "cache-control": "no-cache" });
  for (const [name, value] of await fixedHeaders(disk)) headers.set(name, value);
  const isKnown = request.headers.get("if-none-match") === headers.get("etag");
  return new Response(isKnown || request.method === "HEAD" ? null : body, {
    status: isKnown ? 304 : 200,
    headers,
  });
}

/** The headers of every file: the console's `_headers` has one block. */
async function fixedHeaders(disk: Fetcher): Promise<readonly (readonly [name: string, value: string])[]> {
  const text = await (await disk.fetch("http://disk/_headers")).text();
  return [...text.matchAll(/^ +([\w-]+): (.*)$/gm)].map(([, name = "", value = ""]) => [name, value]);
}
