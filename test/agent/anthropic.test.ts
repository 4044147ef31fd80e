import Anthropic from "@anthropic-ai/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  anthropicRunnableTools,
  anthropicToolResult,
  anthropicToolResults,
  anthropicTools,
} from "../../src/agent/anthropic.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { signalled } from "./signalled-tool.ts";
import { ACQUIRED, DOI, PAPER, type SlowPapers, slowPapers } from "./slow-papers.ts";

let papers: SlowPapers;

beforeEach(async () => {
  papers = await slowPapers();
});

afterEach(() => papers.close());

type Reply = (request: Anthropic.MessageCreateParams) => JsonObject[];

/** The API's client, answered by the test: each reply is the content of an assistant's message. */
function scripted(reply: Reply): {
  readonly client: Anthropic;
  readonly requests: Anthropic.MessageCreateParams[];
} {
  const requests: Anthropic.MessageCreateParams[] = [];
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const request = JSON.parse(String(init?.body)) as Anthropic.MessageCreateParams;
    requests.push(request);
    const content = reply(request);
    const calls = content.some(({ type }) => type === "tool_use");
    return Response.json({
      id: `msg-${requests.length}`,
      type: "message",
      role: "assistant",
      model: "scripted",
      content,
      stop_reason: calls ? "tool_use" : "end_turn",
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    });
  };
  return { client: new Anthropic({ apiKey: "none", fetch, maxRetries: 0 }), requests };
}

interface Shown {
  readonly tool_use_id: string;
  readonly is_error?: boolean;
  readonly content: { readonly text: string }[] | string;
}

/** The tool result a request ends with. */
function lastResult({ messages }: Anthropic.MessageCreateParams): Shown | undefined {
  const content = messages.at(-1)?.content;
  const block = Array.isArray(content) ? content.find(({ type }) => type === "tool_result") : undefined;
  return block as Shown | undefined;
}

function textOf(shown: Shown | undefined): string {
  const content = shown?.content ?? [];
  return typeof content === "string" ? content : content.map(({ text }) => text).join(" | ");
}

/** Calls the tool, checks the task it is given as long as it runs, and repeats what it got. */
const patient: Reply = (request) => {
  const result = lastResult(request);
  if (!result) return [{ type: "tool_use", id: "use-1", name: "acquire_paper", input: { doi: DOI } }];
  const running = /"task":"([^"]+)"/.exec(textOf(result))?.[1];
  if (running) return [{ type: "tool_use", id: "use-2", name: "check_task", input: { task: running } }];
  return [{ type: "text", text: textOf(result) }];
};

const REQUEST = { model: "scripted", max_tokens: 100 } as const;

describe("the tools in the Anthropic client", () => {
  it("a paper that takes 90 s, by its own tool runner", async () => {
    const { client, requests } = scripted(patient);
    const final = await client.beta.messages.toolRunner({
      ...REQUEST,
      messages: [{ role: "user", content: "Get the paper" }],
      tools: anthropicRunnableTools(papers.tools),
    });
    expect(final.content).toMatchObject([{ type: "text", text: `${ACQUIRED} | ${JSON.stringify(PAPER)}` }]);
    expect(requests).toHaveLength(3);
    expect(textOf(lastResult(requests[1] as never))).toMatch(
      /^acquire_paper on "papers" is running. It is task /,
    );
    expect(papers.server.acquisitions).toBe(1);
  });

  it("by a loop of one's own over messages.create", async () => {
    const { client, requests } = scripted(patient);
    const messages: Anthropic.MessageParam[] = [{ role: "user", content: "Get the paper" }];
    const tools: Anthropic.ToolUnion[] = anthropicTools(papers.tools);
    let message = await client.messages.create({ ...REQUEST, messages, tools });
    while (message.stop_reason === "tool_use") {
      const results: Anthropic.ToolResultBlockParam[] = await anthropicToolResults(
        papers.tools,
        message.content,
      );
      messages.push({ role: "assistant", content: message.content }, { role: "user", content: results });
      message = await client.messages.create({ ...REQUEST, messages, tools });
    }
    expect(message.content).toMatchObject([{ text: `${ACQUIRED} | ${JSON.stringify(PAPER)}` }]);
    expect(requests[0]?.tools).toMatchObject([
      { name: "acquire_paper", input_schema: papers.tools[0]?.inputSchema },
      { name: "lookup_title" },
      { name: "check_task" },
      { name: "cancel_task" },
      { name: "list_tasks" },
    ]);
  });

  it("a failure is one to the runner's model too", async () => {
    const { client, requests } = scripted((request) =>
      lastResult(request)
        ? [{ type: "text", text: "I see" }]
        : [{ type: "tool_use", id: "use-1", name: "check_task", input: { task: "none" } }],
    );
    await client.beta.messages.toolRunner({
      ...REQUEST,
      messages: [{ role: "user", content: "Check" }],
      tools: anthropicRunnableTools(papers.tools),
    });
    expect(lastResult(requests[1] as never)).toMatchObject({ is_error: true });
    expect(textOf(lastResult(requests[1] as never))).toContain('There is no task "none"');
  });

  it.each([[["10.1/x"]], ["{"], [null]])(
    "arguments that are not a JSON object, %j, go back to the model",
    async (input) => {
      const { client, requests } = scripted((request) =>
        lastResult(request)
          ? [{ type: "text", text: "I see" }]
          : [{ type: "tool_use", id: "use-1", name: "list_tasks", input }],
      );
      await client.beta.messages.toolRunner({
        ...REQUEST,
        messages: [{ role: "user", content: "List" }],
        tools: anthropicRunnableTools(papers.tools),
      });
      expect(lastResult(requests[1] as never)).toMatchObject({ is_error: true });
      expect(textOf(lastResult(requests[1] as never))).toContain("must be a JSON object. Nothing was done");
    },
  );
});

describe("a tool result block", () => {
  it("has text, images and PDFs as they are, and names the rest", () => {
    const content = [
      { type: "text", text: "x" },
      { type: "image", data: "aGk=", mimeType: "image/png" },
      { type: "image", data: "aGk=", mimeType: "image/tiff" },
      { type: "resource", resource: { uri: "file:///a.pdf", blob: "aGk=", mimeType: "application/pdf" } },
      { type: "audio", data: "aGk=", mimeType: "audio/wav" },
    ];
    const block: Anthropic.ToolResultBlockParam = anthropicToolResult("use-1", { content });
    expect(block).toEqual({
      type: "tool_result",
      tool_use_id: "use-1",
      content: [
        { type: "text", text: "x" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } },
        { type: "text", text: "[image/tiff, 4 characters of base64]" },
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: "aGk=" } },
        { type: "text", text: "[audio/wav, 4 characters of base64]" },
      ],
    });
  });

  it("says that it is an error", () => {
    expect(anthropicToolResult("use-1", { content: [], isError: true }).is_error).toBe(true);
  });

  it("answers each tool use of a message, and nothing else in it", async () => {
    const results = await anthropicToolResults(papers.tools, [
      { type: "text", text: "Let me see" },
      { type: "tool_use", id: "use-1", name: "lookup_title", input: { doi: DOI } },
      { type: "tool_use", id: "use-2", name: "no_such_tool", input: {} },
      { type: "server_tool_use", id: "use-3", name: "web_search", input: {} },
    ]);
    expect(results).toMatchObject([
      { tool_use_id: "use-1", content: [{ text: PAPER.title }] },
      { tool_use_id: "use-2", is_error: true },
    ]);
    expect(results).toHaveLength(2);
  });
});

it("an abort of the runner is one of the tool's wait", async () => {
  const { tool, signals } = signalled();
  const { signal } = new AbortController();
  const [runnable] = anthropicRunnableTools([tool]);
  await runnable?.run({}, { signal });
  await runnable?.run({}, { signal: null });
  expect(signals).toEqual([signal, undefined]);
  await anthropicToolResults([tool], [{ type: "tool_use", id: "1", name: "wait", input: {} }], { signal });
  expect(signals.at(-1)).toBe(signal);
});
