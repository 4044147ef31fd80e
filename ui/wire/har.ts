import type { Exchange } from "./wire-log.ts";

/** Exchanges as an HTTP archive (HAR 1.2), which browsers' tools read. What was redacted stays so. */
export function harOf(exchanges: readonly Exchange[], version: string): string {
  const entries = exchanges.map((exchange) => {
    const { at, http, url, request, status = 0, response, ms = 0, problem } = exchange;
    return {
      startedDateTime: new Date(at).toISOString(),
      time: ms,
      request: {
        method: http,
        url,
        httpVersion: "HTTP/1.1",
        cookies: [],
        headers: pairs(exchange.requestHeaders),
        queryString: [],
        headersSize: -1,
        bodySize: request.bytes,
        ...(request.text !== "" && { postData: { mimeType: "application/json", text: request.text } }),
      },
      response: {
        status,
        statusText: problem ?? "",
        httpVersion: "HTTP/1.1",
        cookies: [],
        headers: pairs(exchange.responseHeaders ?? []),
        content: {
          size: response?.bytes ?? 0,
          mimeType: exchange.responseHeaders?.find(([name]) => name === "content-type")?.[1] ?? "",
          text: response?.text ?? "",
        },
        redirectURL: "",
        headersSize: -1,
        bodySize: response?.bytes ?? -1,
      },
      cache: {},
      timings: { send: 0, wait: ms, receive: 0 },
    };
  });
  const creator = { name: "Holdfast console", version };
  return JSON.stringify({ log: { version: "1.2", creator, entries } }, undefined, 2);
}

function pairs(headers: readonly (readonly [string, string])[]) {
  return headers.map(([name, value]) => ({ name, value }));
}
