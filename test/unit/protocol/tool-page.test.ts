import { describe, expect, it } from "vitest";
import { revision2025 } from "../../../src/protocol/revision-2025-11-25.ts";
import { revision2026 } from "../../../src/protocol/revision-2026-07-28.ts";
import { readToolPage } from "../../../src/protocol/tool-facts.ts";
import { toolPage } from "../../fixtures/messages-2025-11-25.ts";
import { executeSqlTool } from "../../fixtures/messages-2026-07-28.ts";
import { violations } from "../../fixtures/schema-check.ts";

describe("a page of tools/list", () => {
  it("reads how each tool takes part in tasks, and whether it may be repeated", () => {
    expect(violations("2025-11-25", "ListToolsResult", toolPage)).toEqual([]);
    const page = readToolPage(toolPage);
    expect(Object.fromEntries(page.tools.map(({ name, facts }) => [name, facts]))).toEqual({
      forbidden_by_default: { taskSupport: "forbidden", repeatable: false },
      optional: { taskSupport: "optional", repeatable: false },
      required: { taskSupport: "required", repeatable: true },
      forbidden: { taskSupport: "forbidden", repeatable: true },
    });
    expect(page.nextCursor).toBe("page-2");
  });

  it("gives each definition as the server sent it", () => {
    expect(readToolPage(toolPage).tools.map(({ definition }) => definition)).toEqual(toolPage.tools);
  });

  it("reads a tool whose parameters travel as headers", () => {
    expect(violations("2026-07-28", "Tool", executeSqlTool)).toEqual([]);
    const page = { tools: [executeSqlTool] };
    expect(readToolPage(page, revision2026.readHeaders).tools[0]?.facts.headers).toEqual([
      { header: "Region", path: ["region"] },
    ]);
    // x-mcp-header is of 2026-07-28.
    expect(readToolPage(page, revision2025.readHeaders).tools[0]?.facts.headers).toBeUndefined();
  });

  it("leaves a tool out that has an unlawful header, and keeps the others", () => {
    const bad = {
      name: "bad",
      inputSchema: { type: "object", properties: { a: { type: "number", "x-mcp-header": "A" } } },
    };
    const page = { tools: [bad, executeSqlTool, null, { description: "nameless" }] };
    const names = ({ readHeaders }: typeof revision2026): readonly string[] =>
      readToolPage(page, readHeaders).tools.map(({ name }) => name);
    expect(names(revision2026)).toEqual(["execute_sql"]);
    expect(names(revision2025)).toEqual(["bad", "execute_sql"]);
  });

  it("a taskSupport of no known value is the default: forbidden", () => {
    const tool = { name: "odd", inputSchema: {}, execution: { taskSupport: "sometimes" } };
    expect(readToolPage({ tools: [tool] }).tools[0]?.facts.taskSupport).toBe("forbidden");
  });

  it("hints count only when they are true, not when they are truthy", () => {
    const tool = { name: "odd", inputSchema: {}, annotations: { idempotentHint: "yes", readOnlyHint: 1 } };
    expect(readToolPage({ tools: [tool] }).tools[0]?.facts.repeatable).toBe(false);
  });

  it.each([null, undefined, "tools", [], {}, { tools: "none" }])(
    "%j has no tools, and does not throw",
    (result) => {
      expect(readToolPage(result)).toEqual({ tools: [] });
    },
  );
});
