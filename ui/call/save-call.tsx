import type { JsonObject } from "holdfast";
import { useEffect, useRef, useState } from "react";
import { Button } from "../controls/button.tsx";
import { TextField } from "../controls/text-field.tsx";
import { saveCall } from "./saved-calls.ts";

export interface SaveCallProps {
  readonly server: string;
  readonly tool: string;
  /** Reads the arguments as they are now; undefined while they are no JSON object. */
  readonly read: () => JsonObject | undefined;
}

/** Gives the call that is being written a name, and saves it. It stands in a form: Enter in its field must not call. */
export function SaveCall({ server, tool, read }: SaveCallProps) {
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [said, setSaid] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const button = useRef<HTMLButtonElement>(null);
  const field = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isOpen) field.current?.querySelector("input")?.focus();
  }, [isOpen]);
  const close = (): void => {
    setOpen(false);
    setProblem(undefined);
    button.current?.focus();
  };
  const save = (): void => {
    const args = read();
    const word = name.trim();
    if (word === "") return setProblem("Give it a name");
    if (!args) return setProblem("The arguments are not a JSON object. Correct them first");
    saveCall({ name: word, server, tool, arguments: args }).then(
      () => {
        setSaid(`Saved as “${word}”.`);
        setName("");
        close();
      },
      (error: unknown) =>
        setProblem(`It could not be saved: ${error instanceof Error ? error.message : error}`),
    );
  };
  return (
    <div className="save-call">
      <button
        type="button"
        ref={button}
        className="button"
        data-variant="subtle"
        aria-expanded={isOpen}
        onClick={() => {
          setSaid(undefined);
          if (isOpen) close();
          else setOpen(true);
        }}
      >
        Save this call…
      </button>
      {said !== undefined && (
        <span className="quiet" role="status">
          {said}
        </span>
      )}
      {isOpen && (
        // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the field and the buttons in it.
        <div
          className="save-call-field"
          ref={field}
          onKeyDown={(event) => {
            if (event.key === "Escape") close();
            if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
            event.preventDefault();
            save();
          }}
        >
          <TextField
            label="Name of the call"
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.currentTarget.value)}
            error={problem}
          />
          <Button size="small" onClick={save}>
            Save
          </Button>
          <Button size="small" variant="default" onClick={close}>
            Not now
          </Button>
        </div>
      )}
    </div>
  );
}
