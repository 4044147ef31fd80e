import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  openAiChatTools,
  openAiFunctionOutput,
  openAiFunctionOutputs,
  openAiRunnableTools,
  openAiToolMessage,
  openAiToolMessages,
  openAiTools,
} from "../../src/agent/openai.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { signalled } from "./signalled-tool.ts";
import { ACQUIRED, DOI, PAPER, type SlowPapers, slowPapers } from "./slow-papers.ts";

const PAPER_TEXT = `${ACQUIRED}\n\n${JSON.stringify(PAPER)}`;

let papers: SlowPapers;

beforeEach(async () => {
  papers = await slowPapers();
});

afterEach(() => papers.close());

/** The API's client, whose requests the test answers. */
function scripted(reply: (request: JsonObject) => JsonObject): {
  readonly client: OpenAI;
  readonly requests: JsonObject[];
} {
  const requests: JsonObject[] = [];
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const request = JSON.parse(String(init?.body)) as JsonObject;
    requests.push(request);
    return Response.json(reply(request));
  };
  return { client: new OpenAI({ apiKey: "none", fetch, maxRetries: 0 }), requests };
}

/** What a model that waits for its paper calls after it was given `result`; nothing once it has it. */
function nextCall(result: unknown): { readonly name: string; readonly arguments: string } | undefined {
  if (typeof result !== "string") return { name: "acquire_paper", arguments: JSON.stringify({ doi: DOI }) };
  const running = /"task":"([^"]+)"/.exec(result)?.[1];
  return running ? { name: "check_task", arguments: JSON.stringify({ task: running }) } : undefined;
}

function completion(request: JsonObject): JsonObject {
  const last = (request.messages as JsonObject[]).at(-1);
  const result = last?.role === "tool" ? last.content : undefined;
  const call = nextCall(result);
  const message = call
    ? { role: "assistant", content: null, tool_calls: [{ id: "call-1", type: "function", function: call }] }
    : { role: "assistant", content: result };
  const finish_reason = call ? "tool_calls" : "stop";
  return {
    id: "1",
    object: "chat.completion",
    created: 1,
    model: "scripted",
    choices: [{ index: 0, message, finish_reason }],
  };
}

function response(request: JsonObject): JsonObject {
  const last = (request.input as JsonObject[]).at(-1);
  const result = last?.type === "function_call_output" ? last.output : undefined;
  const call = nextCall(result);
  const content = [{ type: "output_text", text: String(result), annotations: [] }];
  const item = call
    ? { type: "function_call", id: "fc-1", call_id: "call-1", status: "completed", ...call }
    : { type: "message", id: "m-1", role: "assistant", status: "completed", content };
  return {
    id: "r-1",
    object: "response",
    created_at: 1,
    status: "completed",
    model: "scripted",
    output: [item],
  };
}

describe("the tools in the OpenAI client", () => {
  it("a paper that takes 90 s, by its own loop over chat completions", async () => {
    const { client, requests } = scripted(completion);
    const runner = client.chat.completions.runTools({
      model: "scripted",
      messages: [{ role: "user", content: "Get the paper" }],
      tools: openAiRunnableTools(papers.tools),
    });
    expect(await runner.finalContent()).toBe(PAPER_TEXT);
    expect(requests).toHaveLength(3);
    const sent = ((requests[0]?.tools ?? []) as { function: JsonObject }[]).map((tool) => tool.function);
    expect(sent.map(({ name }) => name)).toEqual(papers.tools.map(({ name }) => name));
    expect(sent[0]).toMatchObject({ strict: false, parameters: papers.tools[0]?.inputSchema });
    expect(papers.server.acquisitions).toBe(1);
  });

  it("by a loop of one's own over chat completions", async () => {
    const { client } = scripted(completion);
    const tools: OpenAI.ChatCompletionTool[] = openAiChatTools(papers.tools);
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "Get the paper" }];
    for (;;) {
      const { choices } = await client.chat.completions.create({ model: "scripted", messages, tools });
      const message = choices[0]?.message;
      if (!message?.tool_calls) {
        expect(message?.content).toBe(PAPER_TEXT);
        break;
      }
      messages.push(message, ...(await openAiToolMessages(papers.tools, message.tool_calls)));
    }
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant", "tool"]);
  });

  it("by a loop of one's own over responses", async () => {
    const { client, requests } = scripted(response);
    const tools: OpenAI.Responses.Tool[] = openAiTools(papers.tools);
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: "user", content: "Get the paper" }];
    for (;;) {
      const { output, output_text } = await client.responses.create({ model: "scripted", input, tools });
      const outputs: OpenAI.Responses.ResponseInputItem.FunctionCallOutput[] = await openAiFunctionOutputs(
        papers.tools,
        output,
      );
      if (outputs.length === 0) {
        expect(output_text).toBe(PAPER_TEXT);
        break;
      }
      input.push(...(output as OpenAI.Responses.ResponseInputItem[]), ...outputs);
    }
    expect(requests).toHaveLength(3);
    expect(requests[0]?.tools).toMatchObject([
      { type: "function", name: "acquire_paper", strict: false, parameters: papers.tools[0]?.inputSchema },
      { name: "lookup_title" },
      { name: "check_task", strict: false },
      { name: "cancel_task" },
      { name: "list_tasks" },
    ]);
  });

  it("arguments that are not JSON go back to the model", async () => {
    const broken = {
      role: "assistant",
      tool_calls: [{ id: "call-1", type: "function", function: { name: "acquire_paper", arguments: "{" } }],
    };
    const { client, requests } = scripted((request) => {
      const hasResult = (request.messages as JsonObject[]).at(-1)?.role === "tool";
      const message = hasResult ? { role: "assistant", content: "I see" } : broken;
      return {
        id: "1",
        object: "chat.completion",
        created: 1,
        model: "scripted",
        choices: [{ index: 0, message, finish_reason: "stop" }],
      };
    });
    const runner = client.chat.completions.runTools({
      model: "scripted",
      messages: [{ role: "user", content: "Get the paper" }],
      tools: openAiRunnableTools(papers.tools),
    });
    expect(await runner.finalContent()).toBe("I see");
    expect(((requests[1]?.messages ?? []) as JsonObject[]).at(-1)?.content).toContain(
      "must be a JSON object",
    );
    expect(papers.server.acquisitions).toBe(0);
  });
});

describe("a result for OpenAI", () => {
  const image = { type: "image", data: "aGk=", mimeType: "image/png" };

  it("is a text, where it holds nothing else", () => {
    const output: OpenAI.Responses.ResponseInputItem.FunctionCallOutput = openAiFunctionOutput("call-1", {
      content: [{ type: "text", text: "x" }],
      structuredContent: { a: 1 },
    });
    expect(output).toEqual({ type: "function_call_output", call_id: "call-1", output: 'x\n\n{"a":1}' });
  });

  it("has images and PDFs as data URLs, and names the rest", () => {
    const pdf = {
      type: "resource",
      resource: { uri: "file:///a.pdf", blob: "aGk=", mimeType: "application/pdf" },
    };
    const { output } = openAiFunctionOutput("call-1", {
      content: [image, pdf, { type: "audio", data: "aGk=", mimeType: "audio/wav" }],
    });
    expect(output).toEqual([
      { type: "input_image", image_url: "data:image/png;base64,aGk=", detail: "auto" },
      { type: "input_file", filename: "result.pdf", file_data: "data:application/pdf;base64,aGk=" },
      { type: "input_text", text: "[audio/wav, 4 characters of base64]" },
    ]);
  });

  it("names images that the API does not take, as it refuses the whole request for one", () => {
    const drawing = { type: "image", data: "aGk=", mimeType: "image/svg+xml" };
    expect(openAiFunctionOutput("call-1", { content: [image, drawing] }).output).toMatchObject([
      { type: "input_image" },
      { type: "input_text", text: "[image/svg+xml, 4 characters of base64]" },
    ]);
    expect(openAiFunctionOutput("call-1", { content: [drawing] }).output).toBe(
      "[image/svg+xml, 4 characters of base64]",
    );
  });

  it("that is an error says so first", () => {
    const failed = { content: [{ type: "text", text: "No" }], isError: true };
    expect(openAiFunctionOutput("call-1", failed).output).toBe("Error: No");
    expect(openAiFunctionOutput("call-1", { content: [image], isError: true }).output).toMatchObject([
      { type: "input_text", text: "Error:" },
      { type: "input_image" },
    ]);
    const message: OpenAI.ChatCompletionToolMessageParam = openAiToolMessage("call-1", failed);
    expect(message).toEqual({ role: "tool", tool_call_id: "call-1", content: "Error: No" });
  });

  it("answers each function call, and nothing else", async () => {
    const outputs = await openAiFunctionOutputs(papers.tools, [
      { type: "reasoning", id: "1", summary: [] },
      {
        type: "function_call",
        call_id: "call-1",
        name: "lookup_title",
        arguments: JSON.stringify({ doi: DOI }),
      },
      { type: "function_call", call_id: "call-2", name: "no_such_tool", arguments: "{}" },
    ]);
    expect(outputs).toMatchObject([
      { call_id: "call-1", output: PAPER.title },
      { call_id: "call-2", output: expect.stringMatching(/^Error: There is no tool "no_such_tool"/) },
    ]);
    expect(await openAiToolMessages(papers.tools, undefined)).toEqual([]);
    const messages = await openAiToolMessages(papers.tools, [
      { id: "call-1", type: "custom", custom: { name: "x", input: "" } },
      { id: "call-2", type: "function", function: { name: "lookup_title", arguments: "no" } },
    ]);
    expect(messages).toMatchObject([{ tool_call_id: "call-2", content: expect.stringMatching(/^Error: /) }]);
  });
});

it("an abort of the runner is one of the tool's wait", async () => {
  const { tool, signals } = signalled();
  const controller = new AbortController();
  const { signal } = controller;
  await openAiRunnableTools([tool])[0]?.function.function({}, { controller });
  const call = { name: "wait", arguments: "{}" };
  await openAiToolMessages([tool], [{ id: "1", type: "function", function: call }], { signal });
  await openAiFunctionOutputs([tool], [{ type: "function_call", call_id: "1", ...call }], { signal });
  expect(signals).toEqual([signal, signal, signal]);
});
