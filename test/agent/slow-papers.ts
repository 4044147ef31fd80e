import { Conversation } from "../../src/agent/conversation.ts";
import { type AgentTool, agentTools } from "../../src/agent/index.ts";
import { fromUrl } from "../../src/channel/sdk-v2.ts";
import { TaskClient } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory.ts";
import type { TaskStore } from "../../src/store/task-store.ts";
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

/** What an earlier process leaves: its server and its store, by one clock. */
export interface Left extends Pick<SlowPapers, "server" | "clock"> {
  readonly store: TaskStore;
}

/** A server whose papers take 90 s, and an empty store. */
export function noProcess(): Left {
  const clock = new IdleClock(10_000);
  return { clock, server: new PaperServer(clock, 90_000), store: memoryStore() };
}

/**
 * A new call hands its task over at once; `check_task` waits two minutes.
 * @param left Goes on from there.
 * @param conversation Names the addressee of the calls.
 * @param callBudgetMs Has a new call wait, too.
 */
export async function slowPapers(
  { clock, server, store }: Left = noProcess(),
  conversation?: string,
  callBudgetMs = 0,
): Promise<SlowPapers & { readonly conversation: Conversation }> {
  const papers = fromUrl("http://papers.example/mcp", { clock, fetch: clock.watching(server.fetch) });
  const client = new TaskClient({
    store,
    endpoints: { papers },
    host: testHost({ clock }),
    push: false,
  });
  const addressee = new Conversation(client, { id: conversation ?? "nobody", clock, leaseMs: 300_000 });
  const tools = await agentTools(client, {
    clock,
    callBudgetMs,
    budgetMs: 120_000,
    ...(conversation !== undefined && { conversation: addressee }),
  });
  return {
    conversation: addressee,
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
