import { useEffect, useRef, useState } from "react";
import { explain } from "../app/advice.ts";
import { useFollowed } from "../app/followed.ts";
import { goTo } from "../app/route.ts";
import { saveFile } from "../app/save-file.ts";
import { offerUndo } from "../app/undo.ts";
import { useServers } from "../clients/workspace-context.ts";
import { Button, CloseButton } from "../controls/button.tsx";
import { argumentsLineOf } from "../tasks/task-words.ts";
import { callDraft } from "./drafts.ts";
import {
  exportCalls,
  importCalls,
  readSavedCalls,
  removeSavedCall,
  type SavedCall,
  savedCalls,
} from "./saved-calls.ts";
import { useCallTool } from "./use-call-tool.ts";

/** The calls that were saved: each is opened in its form, or made at once. */
export function SavedList() {
  const calls = useFollowed(savedCalls);
  const servers = useServers();
  const [problem, setProblem] = useState<string>();
  const [said, setSaid] = useState<string>();
  const file = useRef<HTMLInputElement>(null);
  useEffect(() => void readSavedCalls(), []);
  if (calls === undefined) return null;
  const known = calls.filter(({ server }) => servers.some(({ name }) => name === server));
  const elsewhere = calls.length - known.length;
  const attempt = (work: Promise<unknown>): void => {
    setProblem(undefined);
    setSaid(undefined);
    work.catch((error: unknown) => setProblem(explain(error)));
  };
  const remove = async (call: SavedCall): Promise<void> => {
    const putBack = await removeSavedCall(call);
    offerUndo(`The saved call ${call.name} is removed.`, () => attempt(putBack()));
  };
  const load = async (chosen: File): Promise<void> => {
    const count = await importCalls(await chosen.text());
    setSaid(count === 1 ? "1 call was imported." : `${count} calls were imported.`);
  };
  return (
    <details className="saved-calls" open={known.length > 0}>
      <summary>
        Saved calls <span className="quiet">{known.length}</span>
      </summary>
      {known.length === 0 && (
        <p className="quiet">
          Fill in the form of a tool and save the call: it is then one click away, here.
        </p>
      )}
      <ul className="saved-list" aria-label="Saved calls">
        {known.map((call) => (
          <Saved
            key={`${call.server} ${call.tool} ${call.name}`}
            call={call}
            remove={() => attempt(remove(call))}
            showProblem={setProblem}
          />
        ))}
      </ul>
      {elsewhere > 0 && (
        <p className="quiet">
          {elsewhere === 1 ? "1 more is" : `${elsewhere} more are`} of servers that are not listed here now.
        </p>
      )}
      <div className="saved-actions">
        <Button
          size="compact"
          variant="default"
          disabled={known.length === 0}
          onClick={() =>
            saveFile(new Blob([exportCalls(known)], { type: "application/json" }), "saved-calls.json")
          }
        >
          Export
        </Button>
        <Button size="compact" variant="default" onClick={() => file.current?.click()}>
          Import
        </Button>
        <input
          ref={file}
          type="file"
          accept="application/json,.json"
          aria-label="A file of saved calls"
          hidden
          onChange={({ currentTarget: input }) => {
            const [chosen] = input.files ?? [];
            if (chosen) attempt(load(chosen));
            // The same file may be chosen again.
            input.value = "";
          }}
        />
        {said !== undefined && (
          <span className="quiet" role="status">
            {said}
          </span>
        )}
      </div>
      {problem !== undefined && <p role="alert">{problem}</p>}
    </details>
  );
}

interface SavedProps {
  readonly call: SavedCall;
  readonly remove: () => void;
  readonly showProblem: (problem: string | undefined) => void;
}

function Saved({ call, remove, showProblem }: SavedProps) {
  const { name, server, tool, arguments: args } = call;
  const { callTool, isCalling } = useCallTool(showProblem);
  return (
    <li>
      <button
        type="button"
        className="saved-call"
        title={JSON.stringify(args).slice(0, 500)}
        onClick={() => {
          callDraft(server, tool, args);
          goTo("call", server, tool);
        }}
      >
        <strong>
          <bdi>{name}</bdi>
        </strong>
        <bdi className="quiet">{[tool, argumentsLineOf(call)].filter(Boolean).join(": ")}</bdi>
      </button>
      <Button
        size="compact"
        variant="default"
        disabled={isCalling}
        aria-label={`Call ${name}`}
        onClick={() => callTool(server, tool, args)}
      >
        Call
      </Button>
      <CloseButton aria-label={`Remove the saved call ${name}`} onClick={remove} />
    </li>
  );
}
