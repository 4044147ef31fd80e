import { asSchema, generateText, isStepCount, streamText, type ToolSet } from "ai";
import { MockLanguageModelV4, simulateReadableStream } from "ai/test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aiSdkTools, modelOutput } from "../../src/agent/ai-sdk.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { signalled } from "./signalled-tool.ts";
import { ACQUIRED, DOI, PAPER, type SlowPapers, slowPapers } from "./slow-papers.ts";

type Options = Parameters<MockLanguageModelV4["doGenerate"]>[0];
type Generated = Awaited<ReturnType<MockLanguageModelV4["doGenerate"]>>;

const USAGE: Generated["usage"] = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};

let papers: SlowPapers;
let tools: ToolSet;

beforeEach(async () => {
  papers = await slowPapers();
  // Checked against the library's own type.
  tools = aiSdkTools(papers.tools);
});

afterEach(() => papers.close());

/** What the last tool result of a prompt is to the model. */
function lastOutput({ prompt }: Options): { readonly type: string; readonly value: unknown } {
  const last = prompt.at(-1);
  const part = last?.role === "tool" ? last.content[0] : undefined;
  if (part?.type !== "tool-result")
    throw new Error(`The prompt ends with no tool result: ${JSON.stringify(last)}`);
  return part.output as { type: string; value: unknown };
}

function textsOf(output: { readonly type: string; readonly value: unknown }): readonly string[] {
  return output.type === "content"
    ? (output.value as { text: string }[]).map(({ text }) => text)
    : [String(output.value)];
}

function calling(toolName: string, input: JsonObject): Generated {
  const content = [
    { type: "tool-call" as const, toolCallId: `call-${toolName}`, toolName, input: JSON.stringify(input) },
  ];
  return { content, finishReason: { unified: "tool-calls", raw: undefined }, usage: USAGE, warnings: [] };
}

function saying(text: string): Generated {
  return {
    content: [{ type: "text", text }],
    finishReason: { unified: "stop", raw: undefined },
    usage: USAGE,
    warnings: [],
  };
}

/** Calls the tool, checks the task it is given as long as it runs, and repeats what it got. */
function patientModel(): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    doGenerate: async (options) => {
      if (options.prompt.at(-1)?.role !== "tool") return calling("acquire_paper", { doi: DOI });
      const texts = textsOf(lastOutput(options));
      const running = texts.flatMap((text) => /"task":"([^"]+)"/.exec(text)?.[1] ?? [])[0];
      return running ? calling("check_task", { task: running }) : saying(texts.join(" | "));
    },
  });
}

describe("the tools in generateText", () => {
  it("a paper that takes 90 s: a running result, check_task, the paper", async () => {
    const model = patientModel();
    const result = await generateText({ model, tools, prompt: "Get the paper", stopWhen: isStepCount(6) });

    expect(result.steps.flatMap(({ toolCalls }) => toolCalls.map(({ toolName }) => toolName))).toEqual([
      "acquire_paper",
      "check_task",
    ]);
    expect(result.steps[0]?.toolResults[0]?.output).toMatchObject({
      structuredContent: { status: "working", statusMessage: "Resolving the DOI" },
    });
    expect(result.steps[1]?.toolResults[0]?.output, "the payload as it is").toMatchObject({
      content: [{ type: "text", text: ACQUIRED }],
      structuredContent: PAPER,
    });
    expect(result.text).toBe(`${ACQUIRED} | ${JSON.stringify(PAPER)}`);
    expect(papers.server.acquisitions).toBe(1);
  });

  it("a model is sent the text and the structured content of each result", async () => {
    const model = patientModel();
    await generateText({ model, tools, prompt: "Get the paper", stopWhen: isStepCount(6) });
    const [running, paper] = model.doGenerateCalls.slice(1).map((options) => textsOf(lastOutput(options)));
    expect(running?.[0]).toMatch(/^acquire_paper on "papers" is running. It is task /);
    expect(JSON.parse(running?.[1] ?? "")).toMatchObject({ status: "working", task: expect.any(String) });
    expect(paper).toEqual([ACQUIRED, JSON.stringify(PAPER)]);
  });

  it("a model is sent each tool with the server's schema, and nothing added to it", async () => {
    const model = new MockLanguageModelV4({ doGenerate: saying("Hello") });
    await generateText({ model, tools, prompt: "Hello" });
    const sent = model.doGenerateCalls[0]?.tools ?? [];
    expect(sent.map(({ name }) => name)).toEqual(papers.tools.map(({ name }) => name));
    for (const [index, tool] of papers.tools.entries()) {
      expect(sent[index]).toMatchObject({
        type: "function",
        description: tool.description,
        inputSchema: tool.inputSchema,
      });
    }
  });

  it("a call of no such task is an error the model reads", async () => {
    const seen: unknown[] = [];
    const model = new MockLanguageModelV4({
      doGenerate: async (options) => {
        if (options.prompt.at(-1)?.role !== "tool") return calling("check_task", { task: "none" });
        seen.push(lastOutput(options));
        return saying("I see");
      },
    });
    await generateText({ model, tools, prompt: "Check", stopWhen: isStepCount(3) });
    expect(seen).toEqual([{ type: "error-text", value: expect.stringContaining('There is no task "none"') }]);
  });

  it("an abort ends the loop, and not the task", async () => {
    const controller = new AbortController();
    const reason = new Error("Stop");
    const model = new MockLanguageModelV4({
      doGenerate: async (options) => {
        if (options.prompt.at(-1)?.role !== "tool") return calling("acquire_paper", { doi: DOI });
        controller.abort(reason);
        return calling("check_task", { task: "none" });
      },
    });
    const run = generateText({
      model,
      tools,
      prompt: "Get",
      stopWhen: isStepCount(4),
      abortSignal: controller.signal,
    });
    await expect(run).rejects.toBeDefined();
    const [task] = await papers.client.list();
    expect(task?.view.status).not.toBe("cancelled");
    expect((await task?.result())?.structuredContent).toEqual(PAPER);
  });
});

it("streamText takes the tools as well", async () => {
  const model = new MockLanguageModelV4({
    doStream: async ({ prompt }) => {
      const over = prompt.at(-1)?.role === "tool";
      const { content, finishReason } = over ? saying("Done") : calling("lookup_title", { doi: DOI });
      const [part] = content;
      const chunks =
        part?.type === "tool-call"
          ? [part]
          : [
              { type: "text-start" as const, id: "1" },
              { type: "text-delta" as const, id: "1", delta: "Done" },
              { type: "text-end" as const, id: "1" },
            ];
      return {
        stream: simulateReadableStream({
          chunks: [...chunks, { type: "finish" as const, finishReason, usage: USAGE }],
        }),
      };
    },
  });
  const result = streamText({ model, tools, prompt: "Title?", stopWhen: isStepCount(3) });
  expect(await result.text).toBe("Done");
  const [step] = await result.steps;
  expect(step?.toolResults[0]?.output).toMatchObject({ content: [{ text: PAPER.title }] });
});

describe("the schema", () => {
  const free = { type: "object", properties: { extra: { type: "object" } }, additionalProperties: true };
  const [tool] = Object.values(
    aiSdkTools([{ name: "free", description: "", inputSchema: free, execute: never }]),
  );

  function never(): Promise<never> {
    return Promise.reject(new Error("Not called"));
  }

  it("is the AI SDK's own to the AI SDK: free-form arguments stay free", async () => {
    const schema = asSchema(tool?.inputSchema);
    expect(await schema.jsonSchema).toBe(free);
    expect(await schema.validate?.({ extra: { any: 1 } })).toEqual({
      success: true,
      value: { extra: { any: 1 } },
    });
    expect(await schema.validate?.("text")).toMatchObject({ success: false });
  });

  it("is Standard Schema to all others, which may write into their copy", () => {
    const standard = tool?.inputSchema["~standard"];
    expect(standard?.validate({ a: 1 })).toEqual({ value: { a: 1 } });
    expect(standard?.validate([])).toEqual({ issues: [{ message: "The arguments must be a JSON object" }] });
    Object.assign(standard?.jsonSchema.input() ?? {}, { additionalProperties: false });
    expect(standard?.jsonSchema.input()).toEqual(free);
    expect(standard?.jsonSchema.output()).toEqual(free);
  });

  it("is not composed at its top, which providers refuse", async () => {
    const inputSchema = { type: "object", anyOf: [{ properties: { doi: { type: "string" } } }] };
    const tools = aiSdkTools([{ name: "either", description: "", inputSchema, execute: never }]);
    const shown = await asSchema(tools.either?.inputSchema).jsonSchema;
    expect(shown).toMatchObject({ type: "object", properties: { doi: { type: "string" } } });
    expect(shown).not.toHaveProperty("anyOf");
  });

  it("is of an object, also where the server does not say so", async () => {
    const tools = aiSdkTools([{ name: "bare", description: "", inputSchema: {}, execute: never }]);
    expect(await asSchema(tools.bare?.inputSchema).jsonSchema).toEqual({ type: "object" });
  });
});

describe("what a model is sent", () => {
  it("an image goes as a file", () => {
    const content = [{ type: "image", data: "aGk=", mimeType: "image/png" }];
    expect(modelOutput({ content })).toEqual({
      type: "content",
      value: [{ type: "file", mediaType: "image/png", data: { type: "data", data: "aGk=" } }],
    });
  });

  it("an error is text, whatever is in it", () => {
    const content = [
      { type: "text", text: "No" },
      { type: "image", data: "aGk=", mimeType: "image/png" },
    ];
    expect(modelOutput({ content, isError: true })).toEqual({
      type: "error-text",
      value: "No\n\n[image/png, 4 characters of base64]",
    });
  });

  it.each([
    [undefined, ""],
    [null, "null"],
    ["x", '"x"'],
  ])("%j, which is no result, is its JSON", (output, value) => {
    expect(modelOutput(output)).toEqual({ type: "text", value });
  });
});

it("an abort of the loop is one of the tool's wait", async () => {
  const { tool, signals } = signalled();
  const { signal } = new AbortController();
  await aiSdkTools([tool]).wait?.execute({}, { abortSignal: signal });
  expect(signals).toEqual([signal]);
});
