import { expect } from "vitest";
import { SigningServer } from "../browser/signing-server.ts";
import { until } from "../browser/until.ts";
import type { SnippetRun } from "./snippet-runs.ts";

/** Has the samples take 20 ms for each stage, which the text does not say. */
const QUICK = `
const network = fetch;
globalThis.fetch = (input, init) =>
  network(input, { ...init, body: typeof init?.body === "string" ? init.body.replace('"doi":', '"stage_ms":20,"doi":') : init?.body ?? null });
`;

/** An MCP server in place of the network: it wants a header, and its tool returns it. */
const guarded = (header: string, value: string): string => `
globalThis.fetch = async (_url, init) => {
  const given = new Headers(init?.headers).get(${JSON.stringify(header)});
  console.log("sent", given);
  if (given !== ${JSON.stringify(value)}) return new Response(null, { status: 401 });
  const { id, method } = JSON.parse(String(init?.body)) as { id?: number; method: string };
  const results: Record<string, object> = {
    "server/discover": { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } },
    "tools/list": { tools: [{ name: "whoami", inputSchema: { type: "object" } }] },
    "tools/call": { content: [{ type: "text", text: "a reader" }] },
  };
  return Response.json({ jsonrpc: "2.0", id, result: results[method] });
};
`;

const CLOSE = `
await tasks.close();
`;

/** The snippets of the guides to one subject each. */
export const GUIDE_RUNS: Readonly<Record<string, SnippetRun>> = {
  "docs/authorization.md, A header, 1": {
    kind: "process",
    before: `${guarded("x-api-key", "key-7")}
const apiKey = "key-7";
`,
    after: CLOSE,
    see: (output) => expect(output).toContain("a reader"),
  },
  "docs/authorization.md, A token function, 1": {
    kind: "process",
    before: `${guarded("authorization", "Bearer new")}
const issued = ["old", "new"];
const session = { accessToken: () => (issued.length > 1 ? issued.shift() : issued[0]) };
`,
    after: CLOSE,
    see(output) {
      expect(output).toMatch(/^sent Bearer old\nsent Bearer new\n/);
      expect(output).toContain("a reader");
    },
  },
  "docs/authorization.md, OAuth, with a redirect in a page, 2": {
    kind: "page",
    before: `
document.querySelector("main")?.append(document.createElement("button"));
`,
    after: `
tasks.subscribe(({ view }) => view.outcome && console.log(JSON.stringify(view.outcome)));
`,
    async serve() {
      const server = await SigningServer.start();
      return { url: `${server.origin}/mcp`, close: () => server.close() };
    },
    async see(page, said) {
      const address = page.url();
      await page.getByRole("button").click();
      // The first page has left for the authorization server, and this one resumes its call.
      await until("the tool has answered", () => said.find((line) => line.includes("You are signed in")));
      expect(page.url()).toBe(address);
      await page.getByRole("button").click();
      await until("the second call needs no sign-in", () =>
        said.find((line) => line.startsWith('{"content"') && line.includes("You are signed in")),
      );
    },
  },
  "docs/questions.md, Questions of the server, 2": {
    kind: "process",
    before: QUICK,
    after: CLOSE,
    see(output) {
      expect(output).toContain("Which edition of 10.1038/s41586-020-2649-2");
      expect(output).toContain("Acquired");
    },
  },
  "docs/tabs.md, Many tabs, 2": {
    kind: "page",
    before: `
const account = "kai";
`,
    after: `
console.log((await indexedDB.databases()).map(({ name }) => name).join());
`,
    async see(_page, said) {
      await until("the tasks are resumed", () => said.includes("resumed"));
      await until("the store is the account's own", () =>
        said.find((line) => line.includes("papers of kai")),
      );
    },
  },
  "docs/processes.md, Several processes, 2": {
    kind: "process",
    before: QUICK,
    after: "",
    see: (output) => expect(output).toContain("10.1038/s41586-020-2649-2"),
  },
  "docs/errors.md, Errors, 1": {
    kind: "process",
    before: QUICK,
    after: CLOSE,
    see: (output) =>
      expect(output).toMatch(
        /^TaskFailedError of task [\w.-]+: The task .* failed: Upstream publisher refused/,
      ),
  },
  "docs/server-rendering.md, Rules, 1": {
    kind: "page",
    before: "",
    after: `
import { useCallTool, useTasks } from "holdfast/react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";

function Papers() {
  const { call } = useCallTool("papers", "acquire_paper");
  return (
    <>
      <button type="button" onClick={() => void call({ doi: "10.1038/s41586-020-2649-2" })}>
        Acquire
      </button>
      {useTasks().map(({ id, status }) => (
        <p key={id}>{status}</p>
      ))}
    </>
  );
}

const main = document.querySelector("main")!;
const app = <Tasks><Papers /></Tasks>;
main.innerHTML = renderToString(app);
console.log("rendered", main.innerHTML);
hydrateRoot(main, app, { onRecoverableError: (error) => console.log("mismatch", error) });
`,
    async see(page, said) {
      await page.getByRole("button", { name: "Acquire" }).click();
      await page.getByText("completed").waitFor();
      await page.reload();
      await page.getByText("completed").waitFor();
      expect(said.filter((line) => line.startsWith("mismatch"))).toEqual([]);
      expect(said.filter((line) => line.startsWith("rendered"))).toHaveLength(2);
      expect(said.find((line) => line.startsWith("rendered") && line.includes("<p>"))).toBeUndefined();
    },
  },
  "docs/service-workers.md, Service workers, 1": {
    kind: "process",
    before: `
interface FetchEvent {
  readonly request: Pick<Request, "url" | "mode" | "destination">;
  respondWith(response: Promise<Response>): void;
}
interface Events {
  fetch: FetchEvent;
  push: Parameters<typeof onPush>[0];
  notificationclick: Parameters<typeof onNotificationClick>[0];
}
const listeners: { [T in keyof Events]?: (event: Events[T]) => unknown } = {};
const self = {
  addEventListener<T extends keyof Events>(type: T, listener: (event: Events[T]) => unknown): void {
    Object.assign(listeners, { [type]: listener });
  },
};
const cached = async ({ url }: FetchEvent["request"]) => new Response(url);
`,
    after: `
const requests = [
  { url: "/", mode: "navigate", destination: "document" },
  { url: "/app.js", mode: "no-cors", destination: "script" },
  { url: "https://papers.example/mcp", mode: "cors", destination: "" },
] as const;
for (const request of requests)
  listeners.fetch?.({ request, respondWith: async (response) => console.log(await (await response).text()) });
console.log(Object.keys(listeners).join());
`,
    see: (output) =>
      expect(output.trim().split("\n").sort()).toEqual(["/", "/app.js", "fetch,push,notificationclick"]),
  },
};
