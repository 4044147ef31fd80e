import { type AgentTool, agentTools } from "../../src/agent/index.ts";
import { fromUrl } from "../../src/channel/sdk-v2.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import { paperOf } from "../../worker/samples/paper.ts";
import { IdleClock } from "../demo/idle-clock.ts";
import { PaperServer } from "../demo/paper-server.ts";
import { testHost } from "../fixtures/test-host.ts";

export const DOI = "10.1000/182";
export const PAPER = paperOf(DOI);
export const ACQUIRED = `Acquired "${PAPER.title}" (${DOI})`;

/** A real MCP server whose papers take 90 s, in this process, and its tools: waiting takes no time. */
export interface SlowPapers {
  readonly tools: readonly AgentTool[];
  readonly server: PaperServer;
  readonly client: TaskClient;
  readonly clock: IdleClock;
  close(): Promise<void>;
}

/** A new call hands its task over at once; `check_task` waits two minutes. */
export async function slowPapers(): Promise<SlowPapers> {
  const clock = new IdleClock(10_000);
  const server = new PaperServer(clock, 90_000);
  const papers = fromUrl("http://papers.example/mcp", { clock, fetch: clock.watching(server.fetch) });
  const client = new TaskClient({
    store: memoryStore(),
    endpoints: { papers },
    host: testHost({ clock }),
    push: false,
  });
  const tools = await agentTools(client, { clock, callBudgetMs: 0, budgetMs: 120_000 });
  return {
    tools,
    server,
    client,
    clock,
    async close() {
      await client.close();
      await server.close();
    },
  };
}
