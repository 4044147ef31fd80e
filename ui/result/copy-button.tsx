import { useState } from "react";
import { Button } from "../controls/button.tsx";

export interface CopyButtonProps {
  /** Part of its name, for screen readers. */
  readonly what: string;
  readonly word?: string;
  readonly text: () => string;
}

/** Copies a text, and says that it did. */
export function CopyButton({ what, word = "Copy", text }: CopyButtonProps) {
  const [said, setSaid] = useState<string>();
  const say = (next: string): void => {
    setSaid(next);
    setTimeout(() => setSaid(undefined), 2000);
  };
  return (
    <Button
      size="compact"
      variant="default"
      aria-label={word === "Copy" ? `Copy ${what}` : `${word}: copy ${what}`}
      className="small-button"
      onClick={() =>
        // Without https, and on machines other than this, browsers have no clipboard.
        void (navigator.clipboard?.writeText(text()) ?? Promise.reject(new Error("none"))).then(
          () => say("Copied"),
          () => say("Refused"),
        )
      }
    >
      {said ?? word}
    </Button>
  );
}
