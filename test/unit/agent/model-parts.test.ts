import { describe, expect, it } from "vitest";
import { callByName } from "../../../src/agent/index.ts";
import { modelParts, modelText } from "../../../src/agent/model-parts.ts";
import { parameterSchema } from "../../../src/agent/parameter-schema.ts";
import type { ContentBlock } from "../../../src/protocol/tool-result.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { agentLab, executing, fields, textOf } from "./agent-lab.ts";

function partOf(block: ContentBlock): unknown {
  return modelParts({ content: [block] })[0];
}

describe("what a model sees of a result", () => {
  it.each([
    ["text", { type: "text", text: "x" }, { kind: "text", text: "x" }],
    [
      "an image",
      { type: "image", data: "aGk=", mimeType: "image/png" },
      { kind: "image", data: "aGk=", mimeType: "image/png" },
    ],
    [
      "a sound",
      { type: "audio", data: "aGk=", mimeType: "audio/wav" },
      { kind: "file", data: "aGk=", mimeType: "audio/wav" },
    ],
    [
      "a resource of text",
      { type: "resource", resource: { uri: "file:///a", text: "x" } },
      { kind: "text", text: "Resource file:///a:\nx" },
    ],
    [
      "a resource that is an image",
      { type: "resource", resource: { uri: "file:///a", blob: "aGk=", mimeType: "image/gif" } },
      { kind: "image", data: "aGk=", mimeType: "image/gif" },
    ],
    [
      "a resource of no known type",
      { type: "resource", resource: { uri: "file:///a", blob: "aGk=" } },
      { kind: "file", data: "aGk=", mimeType: "application/octet-stream" },
    ],
    [
      "a link",
      { type: "resource_link", uri: "file:///a", name: "a" },
      { kind: "text", text: '{"type":"resource_link","uri":"file:///a","name":"a"}' },
    ],
    ["an image without data", { type: "image" }, { kind: "text", text: '{"type":"image"}' }],
  ])("%s", (_name, block, part) => {
    expect(partOf(block)).toEqual(part);
  });

  it("is the structured content too", () => {
    const parts = modelParts({ content: [{ type: "text", text: "Done" }], structuredContent: { pages: 3 } });
    expect(parts).toEqual([
      { kind: "text", text: "Done" },
      { kind: "text", text: '{"pages":3}' },
    ]);
  });

  it("is that only once, where a text is the same JSON", () => {
    const content = [{ type: "text", text: '{ "b": [1], "a": 2 }' }];
    expect(modelParts({ content, structuredContent: { a: 2, b: [1] } })).toHaveLength(1);
    expect(modelParts({ content, structuredContent: { a: 3, b: [1] } })).toHaveLength(2);
    expect(
      modelParts({ content: [{ type: "text", text: "{not json" }], structuredContent: {} }),
    ).toHaveLength(2);
  });

  it("is never nothing", () => {
    expect(modelText({ content: [] })).toBe("(The tool returned no content.)");
  });

  it("has no blank text, which the Messages API refuses with the whole conversation", () => {
    const blank = { type: "text", text: "" };
    const nothing = [{ kind: "text", text: "(The tool returned no content.)" }];
    expect(modelParts({ content: [blank] })).toEqual(nothing);
    expect(modelParts({ content: [{ type: "text", text: " \n" }] })).toEqual(nothing);
    expect(modelParts({ content: [blank, { type: "text", text: "x" }] })).toEqual([
      { kind: "text", text: "x" },
    ]);
    expect(modelParts({ content: [blank], structuredContent: {} })).toEqual([{ kind: "text", text: "{}" }]);
  });

  it("as a text alone names each part that is not text", () => {
    const content = [
      { type: "text", text: "See" },
      { type: "image", data: "aGk=", mimeType: "image/png" },
    ];
    expect(modelText({ content })).toBe("See\n\n[image/png, 4 characters of base64]");
  });
});

describe("a call by name", () => {
  it.each(["", " ", "{}", {}])("with the arguments %j goes to the tool", async (args) => {
    const { tools, server } = await agentLab();
    const calling = callByName(tools, "plain", args);
    const call = await server.expect("tools/call");
    expect(call.params.arguments).toEqual({});
    await call.reply(wire2026.callResult);
    expect(await calling).toMatchObject(wire2026.toolResult);
  });

  it.each(["{", "[]", '"x"', 7, null, undefined])(
    "with the arguments %j is a failure that can be mended",
    async (args) => {
      const { tools, server } = await agentLab();
      const result = await callByName(tools, "plain", args);
      expect(result).toMatchObject({
        isError: true,
        structuredContent: { retry: "changed", workDone: "none" },
      });
      expect(server.methods).toEqual([]);
    },
  );

  it("of no tool names those there are", async () => {
    const { tools } = await agentLab();
    const result = await callByName(tools, "plan\u202e", {});
    expect(fields(result).workDone).toBe("none");
    expect(textOf(result)).toBe(
      'There is no tool "plan". Nothing was done; the tools are: plain, report, required, harmless, check_task, cancel_task, list_tasks.',
    );
  });

  it("is aborted by its signal", async () => {
    const { tools } = await agentLab();
    const reason = new Error("Stop");
    await expect(callByName(tools, "none", {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("has the budget it is given", async () => {
    const lab = await agentLab();
    const calling = callByName(lab.tools, "report", {}, { budgetMs: 0 });
    await (await lab.server.expect("tools/call")).reply(wire2026.createTaskResult);
    expect(fields(await calling)).toMatchObject({ status: "working" });
    await (await executing(lab.tool("list_tasks"))).result;
  });
});

describe("a schema for an API that wants an object", () => {
  it("is the very same if it is one", () => {
    const schema = { type: "object", properties: {} };
    expect(parameterSchema(schema)).toBe(schema);
  });

  it.each([
    [{ type: "object" }, { type: "object", properties: {} }],
    [{ additionalProperties: true }, { type: "object", properties: {}, additionalProperties: true }],
    [
      { type: "object", properties: null },
      { type: "object", properties: {} },
    ],
  ])("%j becomes %j", (schema, complete) => {
    expect(parameterSchema(schema)).toEqual(complete);
  });

  it("names what its parts name, where the top is composed of them, which APIs refuse", () => {
    const text = { type: "string" };
    const anyOf = [{ required: ["route"] }, { required: ["file"] }];
    const either = { type: "object", description: "Where.", properties: { route: text, file: text }, anyOf };
    expect(parameterSchema(either)).toEqual({
      type: "object",
      description: `Where. It must also match: ${JSON.stringify({ anyOf })}`,
      properties: { route: text, file: text },
    });
    const $defs = {
      Upload: { type: "object", properties: { kind: { const: "upload" }, content: text, next: text } },
      Link: {
        allOf: [{ properties: { kind: { const: "link" }, url: text, next: text } }, { $ref: "#/$defs/Link" }],
      },
    };
    const oneOf = [{ $ref: "#/$defs/Upload" }, { $ref: "#/$defs/Link" }];
    expect(parameterSchema({ $defs, oneOf })).toEqual({
      type: "object",
      $defs,
      description: `It must also match: ${JSON.stringify({ oneOf })}`,
      properties: {
        kind: { anyOf: [{ const: "upload" }, { const: "link" }] },
        content: text,
        next: text,
        url: text,
      },
    });
  });

  it("looks at each part once, however often parts name each other", () => {
    const names = Array.from({ length: 200 }, (_none, at) => `Part${at}`);
    const all = names.map((name) => ({ $ref: `#/$defs/${name}` }));
    const defs = names.map((name) => [name, { properties: { [name]: {} }, anyOf: all }]);
    const { properties } = parameterSchema({ $defs: Object.fromEntries(defs), anyOf: all });
    expect(Object.keys(properties as object)).toEqual(names);
  });
});
