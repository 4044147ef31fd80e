import { type Listening, listen } from "./node-http.ts";

/** An address in front of the gateway that adds the token, for clients that can send no header of their own. */
export function withToken(target: string, token: string): Promise<Listening> {
  return listen(async (request) => {
    const headers = new Headers(request.headers);
    headers.set("authorization", `Bearer ${token}`);
    headers.delete("host");
    headers.delete("connection");
    headers.delete("content-length");
    const body = request.method === "POST" ? await request.text() : null;
    return fetch(target, { method: request.method, headers, body, signal: request.signal });
  });
}
