import type { JsonObject } from "holdfast";
import { useState } from "react";
import { Button } from "../controls/button.tsx";
import { TextArea } from "../controls/text-field.tsx";

export interface RootsQuestionProps {
  readonly answer: (response: JsonObject) => void;
  readonly sent: boolean;
}

/** A web page knows no folders: a person may name some, or none. */
export function RootsQuestion({ answer, sent }: RootsQuestionProps) {
  const [text, setText] = useState("");
  const uris = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        answer({ roots: uris.map((uri) => ({ uri })) });
      }}
    >
      <TextArea
        label="Folders"
        description="One address a line, such as file:///home/me/papers. The server learns the names, and nothing else."
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        rows={3}
        spellCheck={false}
        inputClass="mono"
      />
      <div className="choices">
        <Button type="submit" disabled={sent || uris.length === 0}>
          Share these folders
        </Button>
        <Button variant="default" disabled={sent} onClick={() => answer({ roots: [] })}>
          Share none
        </Button>
      </div>
    </form>
  );
}
