import * as z from "zod";
import type { Answer } from "./task-record.ts";

/** The form a task puts to the reader, as the params of an `elicitation/create`. */
export function editionQuestion(doi: string) {
  return {
    mode: "form" as const,
    message: `Which edition of ${doi} should be acquired?`,
    requestedSchema: {
      type: "object" as const,
      properties: {
        edition: {
          type: "string" as const,
          title: "Edition",
          enum: ["preprint", "published"],
        },
        with_supplement: {
          type: "boolean" as const,
          title: "Include the supplementary material",
          default: false,
        },
      },
      required: ["edition"],
    },
  };
}

const reply = z.discriminatedUnion("action", [
  z.object({
    action: z.literal("accept"),
    content: z.object({
      edition: z.enum(["preprint", "published"]),
      with_supplement: z.boolean().default(false),
    }),
  }),
  z.object({ action: z.enum(["decline", "cancel"]) }),
]);

/** Reads an elicitation result; anything that settles nothing is `unusable`. */
export function readAnswer(result: unknown, at: number): Answer {
  const parsed = reply.safeParse(result);
  if (!parsed.success) return { at, action: "unusable" };
  if (parsed.data.action !== "accept") return { at, action: parsed.data.action };
  const { edition, with_supplement } = parsed.data.content;
  return { at, action: "accept", edition, withSupplement: with_supplement };
}
