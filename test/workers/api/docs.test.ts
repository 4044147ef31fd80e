import { expect, test } from "vitest";
import { ApiLab } from "./lab.ts";

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

const OPERATIONS = [
  "get /v1/webhook-secret",
  "get /v1/usage",
  "get /v1/event-subscriptions",
  "delete /v1/event-subscriptions/{subscription}",
  "get /v1/webhook-deliveries",
  "post /v1/webhook-deliveries/attempts",
  "get /v1/endpoints",
  "get /v1/endpoints/{endpoint}/tools",
  "get /v1/endpoints/{endpoint}/resource",
  "post /v1/endpoints/{endpoint}/calls",
  "get /v1/tasks",
  "get /v1/tasks/{id}",
  "delete /v1/tasks/{id}",
  "post /v1/tasks/{id}/cancel",
  "post /v1/tasks/{id}/inputs/{key}",
  "get /v1/events",
  "get /v1/tasks/{id}/events",
  "get /v1/grants",
  "delete /v1/grants/{grant}",
  "get /v1/passkeys",
  "post /v1/passkeys/options",
  "post /v1/passkeys",
  "delete /v1/passkeys/{passkey}",
  "get /v1/connections",
  "delete /v1/connections/{endpoint}",
  "post /v1/deliveries",
  "post /v1/tasks/{id}/acknowledgements",
  "post /v1/tasks/{id}/addressees",
  "get /v1/push-key",
  "get /v1/push-subscriptions",
  "post /v1/push-subscriptions",
  "delete /v1/push-subscriptions/{subscription}",
];

test("the document describes every route, and every route may answer 401", async () => {
  const document = (await (await new ApiLab().request("/v1/openapi.json", {}, null)).json()) as Document;
  expect(document.openapi).toBe("3.1.0");
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { responses }]) => ({ name: `${method} ${path}`, responses })),
  );
  expect(operations.map(({ name }) => name).sort()).toEqual([...OPERATIONS].sort());
  for (const { name, responses } of operations) expect(Object.keys(responses), name).toContain("401");
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(["Task", "Problem", "Call"]),
  );
});

test("every reference in the document leads somewhere", async () => {
  const text = await (await new ApiLab().request("/v1/openapi.json", {}, null)).text();
  const { components } = JSON.parse(text) as Document;
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    expect(Object.keys(components.schemas)).toContain(name);
  }
});

test("the page is made of the document, without a script, under a policy that allows its style alone", async () => {
  const response = await new ApiLab().request("/docs", {}, null);
  const page = await response.text();
  expect(response.headers.get("content-type")).toMatch(/^text\/html/);
  for (const operation of OPERATIONS) expect(page).toContain(operation.split(" ")[1]);
  expect(page).not.toMatch(/<script|\son\w+=|style=/i);
  expect(page).not.toMatch(/\[object /);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? "";
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
  expect(policy).toContain(`'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`);
});
