import type { next } from "./three-papers.ts";

export const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};

type Content =
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "tool-call";
      readonly toolCallId: string;
      readonly toolName: string;
      readonly input: string;
    };

/** A step of the script as a model of the AI SDK generates it: versions 6 and 7 have the same form. */
export function generated(step: ReturnType<typeof next>) {
  const isText = "text" in step;
  const content: Content[] = isText
    ? [{ type: "text", text: step.text }]
    : step.calls.map((doi) => ({
        type: "tool-call",
        toolCallId: doi,
        toolName: "acquire_paper",
        input: JSON.stringify({ doi }),
      }));
  const unified = isText ? ("stop" as const) : ("tool-calls" as const);
  return { content, finishReason: { unified, raw: undefined }, usage: USAGE, warnings: [] };
}

/** The same as the chunks of a stream. */
export function streamed(step: ReturnType<typeof next>) {
  const { content, finishReason, usage } = generated(step);
  const chunks = content.map((part) =>
    part.type === "text"
      ? [
          { type: "text-start" as const, id: "1" },
          { type: "text-delta" as const, id: "1", delta: part.text },
          { type: "text-end" as const, id: "1" },
        ]
      : [part],
  );
  return [...chunks.flat(), { type: "finish" as const, finishReason, usage }];
}
