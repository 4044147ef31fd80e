import type { JsonObject } from "holdfast";
import { beforeEach, describe, expect, test } from "vitest";
import type { Bindings } from "../../../worker/bindings.ts";
import { Caller } from "../../../worker/gateway/caller.ts";
import { askMerged } from "../../../worker/gateway/merged/requests.ts";
import { toolOfMerged } from "../../../worker/gateway/merged/tools.ts";

type Lists = Readonly<Record<string, JsonObject>>;

const SERVERS: Readonly<Record<string, Lists>> = {
  papers: {
    "tools/list": { tools: [{ name: "search" }, { name: "check_task" }] },
    "resources/list": { resources: [{ uri: "paper://1" }, { uri: "shared://a", title: "of papers" }] },
    "resources/templates/list": { resourceTemplates: [{ uriTemplate: "paper://{id}/pages/{page}" }] },
    "prompts/list": { prompts: [{ name: "summarize" }, { name: "cite" }] },
  },
  library: {
    "tools/list": { tools: [{ name: "search" }, { name: "borrow" }] },
    "resources/list": { resources: [{ uri: "shared://a", title: "of the library" }] },
    "resources/templates/list": { resourceTemplates: [{ uriTemplate: "shelf://{+path}" }] },
    "prompts/list": { prompts: [{ name: "summarize" }] },
  },
  plain: { "tools/list": { tools: [{ name: "count" }] } },
};

let servers: Record<string, Lists>;
/** What was put to a server, beside lists. */
let asked: (readonly [endpoint: string, method: string, params: JsonObject])[];
let known: Record<string, readonly string[]>;
let caller: Caller;

/** Objects that answer as a server of the table would. */
function bindings(): Bindings {
  const group = (name: string) => ({
    async passOn({ endpoint }: { endpoint: string }, method: string, params: JsonObject) {
      const lists = servers[endpoint];
      if (!lists) return { ok: false, error: { code: -32603, message: `${name} is down` } };
      const result = lists[method];
      if (result) return { ok: true, result };
      if (method.endsWith("/list"))
        return { ok: false, error: { code: -32601, message: "Method not found" } };
      asked.push([endpoint, method, params]);
      return { ok: true, result: {} };
    },
  });
  const directory = {
    async knownTools(listed: Record<string, readonly string[]>) {
      known = { ...known, ...listed };
      return known;
    },
  };
  return {
    TASK_GROUP: { getByName: group },
    PRINCIPALS: { getByName: () => directory },
  } as unknown as Bindings;
}

beforeEach(() => {
  servers = { ...SERVERS };
  asked = [];
  known = {};
  caller = Caller.ofAll(
    bindings(),
    "alice",
    Object.keys(SERVERS).map((name) => ({ name })),
    "https://holdfast.test",
  );
});

async function names(method: string, field: string, key: string): Promise<readonly unknown[]> {
  const { [field]: entries } = await askMerged(caller, method, {});
  return (entries as JsonObject[]).map((entry) => entry[key]);
}

describe("lists of several servers", () => {
  test("have tools of one name with their endpoints', and none that is called like a companion", async () => {
    expect(await names("tools/list", "tools", "name")).toEqual([
      "papers_search",
      "papers_check_task",
      "library_search",
      "borrow",
      "count",
    ]);
  });

  test("give no tool another name while the server that has its name too is down", async () => {
    await names("tools/list", "tools", "name");
    delete servers.papers;
    expect(await names("tools/list", "tools", "name")).toEqual(["library_search", "borrow", "count"]);
  });

  test("have prompts of one name with their endpoints', and a URI once", async () => {
    expect(await names("prompts/list", "prompts", "name")).toEqual([
      "papers_summarize",
      "cite",
      "library_summarize",
    ]);
    expect(await names("resources/list", "resources", "title")).toEqual([undefined, "of papers"]);
  });
});

describe("pages of merged lists", () => {
  test.each([
    ["tools/list", "tools", "name"],
    ["resources/list", "resources", "uri"],
    ["resources/templates/list", "resourceTemplates", "uriTemplate"],
    ["prompts/list", "prompts", "name"],
  ])(
    "%s has every entry of every server once, under the names that one page would have",
    async (method, field, key) => {
      const small = await names(method, field, key);
      // Each entry takes more than half a page.
      for (const [name, lists] of Object.entries(servers))
        servers[name] = Object.fromEntries(
          Object.entries(lists).map(([list, result]) => [
            list,
            Object.fromEntries(
              Object.entries(result).map(([of, entries]) => [
                of,
                (entries as JsonObject[]).map((entry) => ({ ...entry, description: "x".repeat(600_000) })),
              ]),
            ),
          ]),
        );
      const seen: unknown[] = [];
      let cursor: unknown;
      do {
        const page = await askMerged(caller, method, cursor === undefined ? {} : { cursor });
        expect(page[field]).toHaveLength(1);
        seen.push(...(page[field] as JsonObject[]).map((entry) => entry[key]));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(small);
      await expect(askMerged(caller, method, { cursor: "other" })).rejects.toMatchObject({ code: -32602 });
    },
  );
});

describe("a request to one of several servers", () => {
  test("finds the tool that a name is of, though nobody has listed the tools yet", async () => {
    const { at, tool } = await toolOfMerged(caller, "library_search");
    expect([at.name, tool]).toEqual(["library", "search"]);
    await expect(toolOfMerged(caller, "search")).rejects.toThrow("Unknown tool: search");
  });

  test.each([
    ["shared://a", "papers"],
    ["paper://1", "papers"],
    ["paper://7/pages/12", "papers"],
    ["shelf://a/b/c", "library"],
  ])("reads %s from %s", async (uri, endpoint) => {
    await askMerged(caller, "resources/read", { uri });
    expect(asked).toEqual([[endpoint, "resources/read", { uri }]]);
  });

  test.each(["paper://7", "paper://7/pages", "other://1", "", 7])("reads nothing at %j", async (uri) => {
    await expect(askMerged(caller, "resources/read", { uri })).rejects.toThrow("No server has this resource");
    expect(asked).toEqual([]);
  });

  test("gets a prompt by its server's own name", async () => {
    await askMerged(caller, "prompts/get", { name: "library_summarize" });
    expect(asked).toEqual([["library", "prompts/get", { name: "summarize" }]]);
  });

  test("completes for the server of the prompt, or of the template", async () => {
    const argument = { name: "id", value: "1" };
    const prompt = { type: "ref/prompt", name: "papers_summarize" };
    await askMerged(caller, "completion/complete", { ref: prompt, argument });
    const template = { type: "ref/resource", uri: "shelf://{+path}" };
    await askMerged(caller, "completion/complete", { ref: template, argument });
    expect(asked).toEqual([
      ["papers", "completion/complete", { ref: { ...prompt, name: "summarize" }, argument }],
      ["library", "completion/complete", { ref: template, argument }],
    ]);
  });
});
