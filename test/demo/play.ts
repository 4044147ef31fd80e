import { agentTools, callByName } from "../../src/agent/index.ts";
import { fromUrl } from "../../src/channel/sdk-v2.ts";
import { TaskClient, type ToolResult } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { testHost } from "../fixtures/test-host.ts";
import { IdleClock } from "./idle-clock.ts";
import { PaperServer } from "./paper-server.ts";
import { type Seen, scriptedModel, type Turn } from "./scripted-model.ts";

export interface PlayOptions {
  /** How long the server works on the paper, in ms of the demo's clock. */
  readonly durationMs: number;
  /** How much faster than real time the demo's clock is while everything waits. */
  readonly pace: number;
}

/** One line of the transcript. Times are ms of the demo's clock since its beginning. */
export interface Entry {
  readonly at: number;
  readonly who: "model" | "tool";
  readonly text: string;
  /** The tool that was called, or whose result it is. */
  readonly tool?: string;
  /** How long the call took. */
  readonly tookMs?: number;
  readonly result?: ToolResult;
}

/** The model's work at a real MCP server of its own, reported entry by entry. */
export async function play(
  options: PlayOptions,
  report: (entry: Entry) => void,
): Promise<{ acquisitions: number }> {
  const clock = new IdleClock(options.pace);
  const server = new PaperServer(clock, options.durationMs);
  const fetch = clock.watching((url, init) => globalThis.fetch(url, init));
  const papers = fromUrl(await server.listen(), { clock, fetch });
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { papers },
    host: testHost({ clock }),
    push: false,
  });
  try {
    // A call hands its task over at once; check_task waits.
    const tools = await agentTools(client, { clock, callBudgetMs: 0 });
    const began = clock.now();
    const since = (): number => clock.now() - began;
    const model = scriptedModel("10.1038/s41586-020-2649-2");
    const act = async (turn: Turn): Promise<Seen | undefined> => {
      const tool = "calls" in turn ? turn.calls : undefined;
      const call = "calls" in turn ? ` → ${turn.calls}(${JSON.stringify(turn.with)})` : "";
      const calledAt = since();
      report({ at: calledAt, who: "model", text: turn.says + call, ...(tool && { tool }) });
      if ("worksMs" in turn) await clock.sleep(turn.worksMs);
      if (!("calls" in turn)) return undefined;
      const result = await callByName(tools, turn.calls, turn.with);
      const text = result.content.map((block) => String(block.text)).join("\n");
      report({ at: since(), who: "tool", text, tool: turn.calls, tookMs: since() - calledAt, result });
      return { tool: turn.calls, result };
    };
    for (let next = model.next(); !next.done; ) next = model.next(await act(next.value));
    return { acquisitions: server.acquisitions };
  } finally {
    await client.close();
    await server.close();
  }
}
