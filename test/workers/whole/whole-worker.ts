import { exports } from "cloudflare:workers";

const ORIGIN = "https://holdfast.test";

/** A request to the whole worker, as it comes from outside. */
export function ask(path: string, init: RequestInit = {}, token: string | null = "demo"): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  return exports.default.fetch(new Request(`${ORIGIN}${path}`, { ...init, headers }));
}

export function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
  token: string | null = "demo",
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return ask(
    path,
    { method: "POST", body: text, headers: { "content-type": "application/json", ...headers } },
    token,
  );
}

export async function json<T>(reply: Response | Promise<Response>): Promise<T> {
  return (await (await reply).json()) as T;
}
