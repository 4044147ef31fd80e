import { useEffect, useState } from "react";
import { Checkbox, Switch } from "../../ui/controls/choice.tsx";
import { type PushState, readPush, switchPush } from "./push.ts";

/** Where a person has this browser show that a task of the worker has ended, or asks a question. */
export function PushSection() {
  const [state, setState] = useState<PushState>();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    readPush().then(setState, (error: unknown) => setProblem(String((error as Error).message)));
  }, []);
  const change = (wanted: PushState): void => {
    setBusy(true);
    setProblem(undefined);
    switchPush(wanted)
      .then(setState, (error: unknown) => setProblem(problemOf(error)))
      .finally(() => setBusy(false));
  };
  const isOn = state?.kind === "on";
  return (
    <section aria-labelledby="push-title">
      <h2 id="push-title">Notifications</h2>
      {state?.kind === "unsupported" ? (
        <p className="quiet">This browser has no notifications for this page.</p>
      ) : state?.kind === "denied" ? (
        <p className="quiet">This browser blocks notifications of this page. Allow them in its settings.</p>
      ) : (
        <>
          <Switch
            label="Notify me when a task ends"
            description="Also when it asks a question, and when this page is closed. A notification names the tool and the server."
            checked={isOn}
            disabled={!state || isBusy}
            onChange={(event) =>
              change(event.currentTarget.checked ? { kind: "on", details: false } : { kind: "off" })
            }
          />
          {isOn && (
            <Checkbox
              label="Show the beginning of the result or of the question, too"
              checked={state.details}
              disabled={isBusy}
              onChange={(event) => change({ kind: "on", details: event.currentTarget.checked })}
            />
          )}
        </>
      )}
      {problem !== undefined && <p role="alert">{problem}</p>}
    </section>
  );
}

function problemOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "NotAllowedError")
    return "The browser was not allowed to show notifications.";
  if (error instanceof DOMException) return `The browser could not reach its push service: ${error.message}`;
  return String((error as Error).message);
}
