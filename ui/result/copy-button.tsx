import { useState } from "react";
import { Button } from "../controls/button.tsx";

/** Copies a text, and says that it did. */
export function CopyButton({ what, text }: { readonly what: string; readonly text: () => string }) {
  const [word, setWord] = useState("Copy");
  const say = (said: string): void => {
    setWord(said);
    setTimeout(() => setWord("Copy"), 2000);
  };
  return (
    <Button
      size="compact"
      variant="default"
      aria-label={`Copy ${what}`}
      className="small-button"
      onClick={() =>
        // Without https, and on machines other than this, browsers have no clipboard.
        void (navigator.clipboard?.writeText(text()) ?? Promise.reject(new Error("none"))).then(
          () => say("Copied"),
          () => say("Refused"),
        )
      }
    >
      {word}
    </Button>
  );
}
