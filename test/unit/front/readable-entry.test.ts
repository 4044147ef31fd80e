import { isSpecType } from "@modelcontextprotocol/client";
import { PromptSchema, ResourceSchema, ToolSchema } from "@modelcontextprotocol/sdk/types.js";
import type { JsonObject } from "holdfast";
import { describe, expect, it } from "vitest";
import { readableEntry, readableTool } from "../../../front/readable-entry.ts";

const OBJECT = { type: "object" };
const TOOL = { name: "t", inputSchema: OBJECT };

describe("readableTool() makes a tool that the SDKs read", () => {
  it.each<[string, JsonObject]>([
    ["no input schema", { name: "t" }],
    [
      "null for every field",
      { ...TOOL, title: null, description: null, outputSchema: null, annotations: null },
    ],
    ["more nulls", { ...TOOL, icons: null, execution: null, _meta: null }],
    ["an empty input schema", { ...TOOL, inputSchema: {} }],
    ["an input schema that is a list", { ...TOOL, inputSchema: [] }],
    ["an input schema of another type", { ...TOOL, inputSchema: { type: "string" } }],
    ["an input schema of two types", { ...TOOL, inputSchema: { type: ["object", "null"] } }],
    [
      "properties that are null",
      { ...TOOL, inputSchema: { type: "object", properties: null, required: null } },
    ],
    ["a property that is a boolean", { ...TOOL, inputSchema: { properties: { any: true, none: false } } }],
    ["a draft-3 required", { ...TOOL, inputSchema: { type: "object", required: true } }],
    ["an output schema of a list", { ...TOOL, outputSchema: { type: "array" } }],
    [
      "hints that are texts",
      { ...TOOL, annotations: { title: 1, readOnlyHint: "true", destructiveHint: null } },
    ],
    ["icons without an address", { ...TOOL, icons: [{}, "x", { src: "https://a.example/i.png" }] }],
    ["a description that is a list", { ...TOOL, description: ["a", "b"] }],
  ])("of one with %s", (_what, tool) => {
    const both = [ToolSchema.safeParse(tool).success, isSpecType.Tool(tool)];
    expect(both, "each of these fails as it is").toContain(false);
    const read = readableTool(tool);
    expect(ToolSchema.safeParse(read).error).toBeUndefined();
    expect(isSpecType.Tool(read)).toBe(true);
    expect(read.name).toBe("t");
  });
});

it("readableTool() changes nothing of a tool that fits", () => {
  const tool = {
    name: "t",
    title: "T",
    description: "d",
    inputSchema: { $schema: "s", type: "object", properties: { a: { type: "string" } }, required: ["a"] },
    outputSchema: { type: "object", properties: {}, additionalProperties: false },
    annotations: { title: "T", readOnlyHint: true },
    icons: [{ src: "https://a.example/i.png" }],
    _meta: { "ui/resourceUri": "ui://a" },
    extra: 1,
  };
  expect(readableTool(tool)).toEqual(tool);
});

it("readableEntry() makes resources and prompts with nulls, and without names, readable", () => {
  const resource = { uri: "file:///a", mimeType: null, annotations: null, size: null };
  expect(ResourceSchema.safeParse(resource).success).toBe(false);
  const read = readableEntry(resource, "uri");
  expect(ResourceSchema.parse(read)).toEqual({ uri: "file:///a", name: "file:///a" });
  const prompt = { name: "p", title: null, arguments: [{ name: "a", description: null }, null, {}] };
  expect(PromptSchema.safeParse(prompt).success).toBe(false);
  expect(PromptSchema.parse(readableEntry(prompt, "name"))).toEqual({
    name: "p",
    arguments: [{ name: "a" }],
  });
});
