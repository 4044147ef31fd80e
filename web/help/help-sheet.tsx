import { VERSION } from "holdfast";
import { useEffect, useRef } from "react";
import { useFollowed } from "../../ui/app/followed.ts";
import type { View } from "../../ui/app/route.ts";
import { CloseButton } from "../../ui/controls/button.tsx";
import { Switch } from "../../ui/controls/choice.tsx";
import { areKeysOn, switchKeys, VIEW_KEYS } from "./shortcuts.ts";
import "./help.css";

const VIEW_WORDS: Readonly<Record<View, string>> = {
  tasks: "Tasks",
  questions: "Questions",
  call: "Call",
  servers: "Servers",
  access: "Worker",
};

type Row = readonly [keys: readonly string[], what: string];

const GROUPS: readonly { readonly title: string; readonly rows: readonly Row[] }[] = [
  {
    title: "Anywhere",
    rows: [
      [["?"], "This sheet"],
      [["/"], "Search the list"],
      ...Object.entries(VIEW_KEYS).map(([key, view]): Row => [["g", key], VIEW_WORDS[view]]),
      [["Ctrl Z"], "Undo the last removal"],
    ],
  },
  {
    title: "In the list of tasks",
    rows: [
      [["↑", "↓"], "The row above or below"],
      [["Page Up", "Page Down"], "A page up or down"],
      [["Home", "End"], "The first or the last row"],
      [["Enter"], "Open the task; close or open a group"],
      [["x"], "Select the task"],
      [["Ctrl A"], "Select all tasks of the list"],
    ],
  },
];

/** The shortcuts, the version, and where the documentation is. */
export function HelpSheet({ close }: { readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOn = useFollowed(areKeysOn);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself.
    <dialog
      ref={dialog}
      className="help-sheet"
      aria-labelledby="help-title"
      onClose={close}
      onClick={({ target }) => target === dialog.current && dialog.current?.close()}
    >
      <div className="help-body">
        <div className="section-heading">
          <h2 id="help-title">Shortcuts and help</h2>
          <CloseButton aria-label="Close the help" onClick={() => dialog.current?.close()} />
        </div>
        {GROUPS.map(({ title, rows }) => (
          <section key={title} aria-label={title}>
            <h3>{title}</h3>
            <dl className="shortcuts">
              {rows.map(([keys, what]) => (
                <div key={what}>
                  <dt>
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <Switch
          label="Single-key shortcuts"
          description="Off, no key does anything alone: for people who dictate, or whose keyboard sends keys of its own."
          checked={isOn}
          onChange={(event) => switchKeys(event.currentTarget.checked)}
        />
        <p className="help-links">
          <a href="https://github.com/holdfast-mcp/holdfast#readme" target="_blank" rel="noopener noreferrer">
            Documentation
          </a>
          <a href="/docs" target="_blank" rel="noopener noreferrer">
            HTTP API of this worker
          </a>
          <span className="quiet">Holdfast {VERSION}</span>
        </p>
      </div>
    </dialog>
  );
}
