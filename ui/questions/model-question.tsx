import type { JsonObject } from "holdfast";
import { useState } from "react";
import { Button } from "../controls/button.tsx";
import { TextArea } from "../controls/text-field.tsx";

export interface ModelQuestionProps {
  readonly params: JsonObject;
  readonly answer: (response: JsonObject) => void;
  readonly sent: boolean;
}

/** A server that asks for a model's words gets a person's: this page has no model. */
export function ModelQuestion({ params, answer, sent }: ModelQuestionProps) {
  const [text, setText] = useState("");
  const { systemPrompt } = params;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const content = { type: "text", text };
        answer({ role: "assistant", model: "a person", stopReason: "endTurn", content });
      }}
    >
      {typeof systemPrompt === "string" && <Said who="System prompt for the model" text={systemPrompt} />}
      {messagesIn(params).map(({ role, text: said }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the conversation of a question never changes.
        <Said key={index} who={role} text={said} />
      ))}
      <TextArea
        label="Your answer"
        description="This page has no model: the server gets what you write. Leave it empty, or cancel the task."
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        required
        rows={5}
      />
      <div className="choices">
        <Button type="submit" disabled={sent || text.trim() === ""}>
          Answer
        </Button>
      </div>
    </form>
  );
}

function Said({ who, text }: { readonly who: string; readonly text: string }) {
  return (
    <p className="said">
      <span className="quiet">
        <bdi>{who}</bdi>
      </span>
      <bdi className="said-text">{text}</bdi>
    </p>
  );
}

/** More of a message than this is cut: it is read here, and not worked with. */
const LONGEST = 2_000;
const MOST = 20;

function messagesIn({ messages }: JsonObject): readonly { readonly role: string; readonly text: string }[] {
  if (!Array.isArray(messages)) return [];
  return messages.slice(-MOST).map((message: unknown) => {
    const { role, content } = Object(message) as { role?: unknown; content?: unknown };
    const parts = Array.isArray(content) ? content : [content];
    const text = parts.map(textOf).join("\n");
    return { role: String(role), text: text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text };
  });
}

function textOf(part: unknown): string {
  const { type, text } = Object(part) as { type?: unknown; text?: unknown };
  return type === "text" ? String(text) : `(${String(type)})`;
}
