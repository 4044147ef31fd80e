import type { ClientLimits, LimitsByClient } from "../config/gateway.ts";
import { RecentMap } from "../recent-map.ts";

const MINUTE_MS = 60_000;

/**
 * What is known of clients (November 2026): when they give up a call, and the longest result they take.
 *
 * - claude.ai and its apps: Anthropic documents 300 s and about 150,000 characters for connectors. The desktop app gives the
 *   same connectors up after 240 s (anthropics/claude-code#64614), and local servers too (#44032, #65643): the shorter counts.
 * - Claude Code: `MAX_MCP_OUTPUT_TOKENS` is 25,000. Calls over HTTP end after 352 to 363 s (anthropics/claude-code#93143).
 * - Goose: its extensions have a `timeout` of 300 s.
 * - Codex: `tool_timeout_sec` is 60. Cursor, ChatGPT and the Inspector use the SDK's 60 s.
 *
 * `mcp-remote` adds its own name at the end: "claude-ai (via mcp-remote 0.1.37)".
 */
const KNOWN_CLIENTS: LimitsByClient = {
  "anthropic/": { budgetMs: budgetWithin(4 * MINUTE_MS), resultLength: 150_000 },
  "claude-ai": { budgetMs: budgetWithin(4 * MINUTE_MS), resultLength: 150_000 },
  "claude-code": { budgetMs: budgetWithin(5 * MINUTE_MS), resultTokens: 25_000 },
  goose: { budgetMs: budgetWithin(5 * MINUTE_MS) },
  codex: { budgetMs: budgetWithin(MINUTE_MS) },
  cursor: { budgetMs: budgetWithin(MINUTE_MS) },
  "openai-mcp": { budgetMs: budgetWithin(MINUTE_MS) },
  chatgpt: { budgetMs: budgetWithin(MINUTE_MS) },
  "mcp-inspector": { budgetMs: budgetWithin(MINUTE_MS) },
  "inspector-": { budgetMs: budgetWithin(MINUTE_MS) },
};

/** Returns the budget of a client that gives up after so long, in ms: the answer needs a moment to arrive. */
export function budgetWithin(patienceMs: number): number {
  return Math.round(patienceMs - Math.min(patienceMs / 10, 10_000));
}

/** How many names are remembered for each configuration, the latest. */
const MOST_FOUND = 1_000;
const found = new WeakMap<LimitsByClient, RecentMap<string, ClientLimits>>();

/**
 * Returns the limits of a client by its `clientInfo.name`: those that are configured, then those that are known. Each request asks, and
 * both tables are searched once for each name.
 * @param configured By the beginning of the name. Of several, the longest counts.
 */
export function limitsOfClient(name: string | undefined, configured: LimitsByClient): ClientLimits {
  if (name === undefined) return {};
  const limits = found.get(configured) ?? new RecentMap<string, ClientLimits>(MOST_FOUND);
  found.set(configured, limits);
  const known = limits.get(name);
  if (known) return known;
  const searched = { ...named(KNOWN_CLIENTS, name), ...named(configured, name) };
  limits.set(name, searched);
  return searched;
}

function named(table: LimitsByClient, name: string): ClientLimits | undefined {
  const sought = name.toLowerCase();
  const [found] = Object.keys(table)
    .filter((beginning) => sought.startsWith(beginning.toLowerCase()))
    .sort((a, b) => b.length - a.length);
  return found === undefined ? undefined : table[found];
}
