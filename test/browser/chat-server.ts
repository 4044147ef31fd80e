import { convertToModelMessages, simulateReadableStream, streamText, type UIMessage } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { aiSdkPageTools } from "../../src/agent/ai-sdk.ts";
import { systemClock } from "../../src/clock.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { bundled } from "../bundle/bundled.ts";
import { PaperServer } from "../demo/paper-server.ts";
import { type Listening, listen } from "../edge/gateway/node-http.ts";

const HTML = `<!doctype html><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="/chat.js"></script>`;
const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};

/** A chat's page, its route with a stand-in for a model, and the MCP server of its tools, on one origin. */
export class ChatServer {
  readonly papers: PaperServer;
  /** What the model was sent, request by request. */
  readonly prompts: string[] = [];
  /** The model never answers a request with a paper in it while this is true. */
  isSilent = false;
  readonly #listening: Listening;

  private constructor(papers: PaperServer, listening: Listening) {
    this.papers = papers;
    this.#listening = listening;
  }

  static async start(paperMs: number): Promise<ChatServer> {
    const { code } = await bundled('export * from "./test/browser/chat-page.tsx";', "browser", {
      minify: true,
    });
    const papers = new PaperServer(systemClock, paperMs);
    const listening = await listen(async (request) => {
      const { pathname } = new URL(request.url);
      switch (pathname) {
        case "/":
          return new Response(HTML, { headers: { "content-type": "text/html" } });
        case "/chat.js":
          return new Response(code, { headers: { "content-type": "text/javascript" } });
        case "/api/chat":
          return server.#route(request);
        default:
          return papers.serve(request);
      }
    });
    const server = new ChatServer(papers, listening);
    return server;
  }

  /** The address of the page. */
  page(options: { readonly callBudgetMs: number; readonly leaseMs: number }): string {
    const url = new URL("/", this.#listening.url);
    url.searchParams.set("server", this.#listening.url);
    for (const [name, value] of Object.entries(options)) url.searchParams.set(name, String(value));
    return url.href;
  }

  async close(): Promise<void> {
    await this.papers.close();
    await this.#listening.close();
  }

  /** As an app has it: the tools run in the page. */
  async #route(request: Request): Promise<Response> {
    const { messages, tools } = (await request.json()) as {
      readonly messages: UIMessage[];
      readonly tools: readonly { name: string; description: string; inputSchema: JsonObject }[];
    };
    const set = aiSdkPageTools(tools);
    const result = streamText({
      model: this.#model(),
      tools: set,
      messages: await convertToModelMessages(messages, { tools: set }),
      abortSignal: request.signal,
    });
    return result.toUIMessageStreamResponse({ originalMessages: messages });
  }

  #model(): MockLanguageModelV4 {
    return new MockLanguageModelV4({
      doStream: async ({ prompt, abortSignal }) => {
        const said = JSON.stringify(prompt);
        this.prompts.push(said);
        const has = said.includes("Acquired ");
        if (has && this.isSilent) {
          await new Promise((_resolve, reject) =>
            abortSignal?.addEventListener("abort", () => reject(abortSignal.reason)),
          );
        }
        const text = has ? "I have the paper." : "It is running.";
        const isAsked = !said.includes('"tool-result"');
        const chunks = isAsked
          ? [
              {
                type: "tool-call" as const,
                toolCallId: "call-1",
                toolName: "acquire_paper",
                input: JSON.stringify({ doi: "10.1/kelp" }),
              },
            ]
          : [
              { type: "text-start" as const, id: "1" },
              { type: "text-delta" as const, id: "1", delta: text },
              { type: "text-end" as const, id: "1" },
            ];
        const unified = isAsked ? ("tool-calls" as const) : ("stop" as const);
        const finish = { type: "finish" as const, finishReason: { unified, raw: undefined }, usage: USAGE };
        return { stream: simulateReadableStream({ chunks: [...chunks, finish] }) };
      },
    });
  }
}
