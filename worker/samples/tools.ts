import * as z from "zod";
import { paperOf } from "./paper.ts";
import type { Job } from "./task-record.ts";
import type { ToolResult } from "./timeline.ts";

/** What both servers want a model to know about them. */
export const INSTRUCTIONS =
  "acquire_paper gets a paper by its DOI and may take minutes; lookup_doi says at once what the DOI names. The papers are made up.";

const doi = z.string().min(1).describe("For example 10.1000/182");

const paper = z.object({
  doi: z.string(),
  title: z.string(),
  pages: z.int().min(1),
  references: z.array(z.string()),
  edition: z.enum(["preprint", "published"]).optional(),
  with_supplement: z.boolean().optional(),
});

export const acquirePaper = {
  name: "acquire_paper",
  title: "Acquire a paper",
  description: "Resolves a DOI, downloads the paper, parses it and extracts its references.",
  inputSchema: z.object({
    doi,
    stage_ms: z.int().min(10).max(60_000).default(1200).describe("How long each stage takes"),
    mode: z
      .enum(["success", "tool_error", "rpc_error", "ask", "ask_first"])
      .default("success")
      .describe("How it goes"),
  }),
  outputSchema: paper,
  annotations: { readOnlyHint: false, idempotentHint: false },
};

export const mustTask = {
  name: "must_task",
  title: "Echo as a task",
  description: "Echoes a text, and does it only as a task.",
  inputSchema: z.object({ text: z.string() }),
  annotations: { readOnlyHint: false, idempotentHint: false },
};

export const lookupDoi = {
  name: "lookup_doi",
  title: "Look up a DOI",
  description: "Tells the title of a paper at once.",
  inputSchema: z.object({ doi }),
  outputSchema: z.object({ doi: z.string(), title: z.string() }),
  annotations: { readOnlyHint: true },
  run(args: { doi: string }): ToolResult {
    const { title } = paperOf(args.doi);
    return {
      content: [{ type: "text", text: title }],
      structuredContent: { doi: args.doi, title },
    };
  },
};

export const slowEcho = {
  name: "slow_echo",
  title: "Echo slowly",
  description: "Echoes a text after a while. Never a task.",
  inputSchema: z.object({ text: z.string(), ms: z.int().min(0).max(10_000) }),
  annotations: { readOnlyHint: true },
  async run(args: { text: string; ms: number }): Promise<ToolResult> {
    await scheduler.wait(args.ms);
    return { content: [{ type: "text", text: args.text }] };
  },
};

export type AcquireArguments = z.output<typeof acquirePaper.inputSchema>;

export function acquisition(args: AcquireArguments): Extract<Job, { tool: "acquire_paper" }> {
  // Asking before the task exists is something only 2026-07-28 can do; elsewhere the task asks.
  const mode = args.mode === "ask_first" ? "ask" : args.mode;
  return { tool: "acquire_paper", doi: args.doi, stageMs: args.stage_ms, mode };
}

export function echo(args: { text: string }): Job {
  return { tool: "must_task", text: args.text, stageMs: 50 };
}
