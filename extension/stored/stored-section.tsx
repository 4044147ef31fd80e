import { useCallback, useEffect, useState } from "react";
import { explain } from "../../ui/app/advice.ts";
import { saveFile } from "../../ui/app/save-file.ts";
import { useForgetTask } from "../../ui/clients/hooks.ts";
import { usePacedTasks } from "../../ui/clients/paced-tasks.ts";
import { useWorkspace } from "../../ui/clients/workspace-context.ts";
import { Button } from "../../ui/controls/button.tsx";
import { useHistory } from "../../ui/history/history-context.ts";
import { signOut } from "../options/sign-in-flow.ts";
import type { KnownServer } from "../servers/known-servers.ts";
import type { Target } from "../targets/targets.ts";
import { deleteEverything, exported, type Stored, stored } from "./stored-data.ts";

export interface StoredSectionProps {
  readonly servers: readonly KnownServer[];
  readonly entries: readonly Target[];
}

/** Says what the extension keeps in this browser, and exports and deletes it. */
export function StoredSection({ servers, entries }: StoredSectionProps) {
  const { client } = useWorkspace();
  const history = useHistory();
  const forget = useForgetTask();
  const tasks = usePacedTasks();
  const found = useStored(tasks.length);
  const [sure, setSure] = useState<"ended" | "everything">();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [said, setSaid] = useState<string>();
  const ended = tasks.filter(({ outcome }) => outcome);
  const running = tasks.length - ended.length;
  const attempt = (work: Promise<string | undefined>): void => {
    setBusy(true);
    setSure(undefined);
    setProblem(undefined);
    setSaid(undefined);
    work.then(setSaid, (error: unknown) => setProblem(explain(error))).finally(() => setBusy(false));
  };
  const save = async (): Promise<undefined> => {
    const blob = new Blob([await exported(client, tasks)], { type: "application/json" });
    saveFile(blob, `holdfast-${new Date().toISOString().slice(0, 10)}.json`);
  };
  const deleteEnded = async (): Promise<string> => {
    for (const { id } of ended) {
      await forget(id);
      await history.forget(id);
    }
    return `${counted(ended.length, "task")} deleted.`;
  };
  const deleteAll = async (): Promise<undefined> => {
    await Promise.all(servers.map(signOut));
    await deleteEverything();
    // What this page has in memory goes, too.
    location.reload();
  };
  return (
    <section className="stored" aria-labelledby="stored-title" data-known={found !== undefined}>
      <h2 id="stored-title">What is stored</h2>
      <p className="quiet">
        All of it is in this browser's profile, and none of it is sent anywhere but to the servers above.
        Nothing is counted or reported to anybody.
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">How much</th>
            <th scope="col">Until</th>
          </tr>
        </thead>
        <tbody>
          <Row what="Servers: name and address" much={`${servers.length}`} until="You remove them" />
          <Row
            what="Headers and sign-ins"
            much={
              found
                ? `${found.secretsInMemory} in memory, ${found.secretsOnDisk} on disk, unencrypted`
                : "Counting…"
            }
            until="The browser closes, or you remove them"
          />
          <Row what="Entries of the context menu" much={`${entries.length}`} until="You remove them" />
          <Row
            what="Tasks: arguments, questions, results, time lines"
            much={running > 0 ? `${tasks.length}, of which ${running} not finished` : `${tasks.length}`}
            until="7 days after their end, and the latest 1,000"
          />
          <Row what="Which events were notified" much="Of these tasks" until="The tasks go" />
          <Row
            what="Colours, and what you chose in the pages"
            much="A few words"
            until="You delete everything"
          />
        </tbody>
      </table>
      {found?.bytes !== undefined && (
        <p className="quiet">{sized(found.bytes)} on the disk, as the browser says.</p>
      )}
      <div className="choices">
        <Button size="small" variant="default" disabled={isBusy} onClick={() => attempt(save())}>
          Export as JSON
        </Button>
        <Button
          size="small"
          variant="default"
          disabled={isBusy || ended.length === 0}
          onClick={() => (sure === "ended" ? attempt(deleteEnded()) : setSure("ended"))}
        >
          {sure === "ended" ? `Delete ${counted(ended.length, "task")} for good` : "Delete ended tasks"}
        </Button>
        <Button
          size="small"
          variant={sure === "everything" ? "danger" : "default"}
          disabled={isBusy}
          onClick={() => (sure === "everything" ? attempt(deleteAll()) : setSure("everything"))}
        >
          {sure === "everything" ? "Delete everything for good" : "Delete everything"}
        </Button>
        {sure && (
          <Button size="small" variant="subtle" onClick={() => setSure(undefined)}>
            Cancel
          </Button>
        )}
      </div>
      <div aria-live="polite">
        {sure === "everything" && (
          <p>
            Deletes all of the above, signs out where you are signed in, and gives back the access to all
            hosts.
            {running > 0 &&
              ` ${counted(running, "task")} not finished: they continue at their servers, and nobody will ask for them. Cancel them first if they shall stop.`}
          </p>
        )}
        {said !== undefined && <p className="quiet">{said}</p>}
      </div>
      <p className="quiet">The export has no headers and no tokens.</p>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <Permissions hosts={found?.hosts ?? []} />
    </section>
  );
}

function Row({
  what,
  much,
  until,
}: {
  readonly what: string;
  readonly much: string;
  readonly until: string;
}) {
  return (
    <tr>
      <th scope="row">{what}</th>
      <td>{much}</td>
      <td>{until}</td>
    </tr>
  );
}

const REASONS: readonly (readonly [permission: string, reason: string])[] = [
  ["Alarms", "wakes the extension when a task is due"],
  ["Storage", "keeps what the table above says"],
  ["Notifications", "shows questions, results and ended sign-ins"],
  ["Context menu", "shows the entries that you add above"],
  ["Identity", "opens the page of a server where you sign in"],
  ["Active tab, scripting", "read the DOI of a page, when you choose an entry that sends it"],
  ["Side panel", "shows the tasks beside a page"],
];

function Permissions({ hosts }: { readonly hosts: readonly string[] }) {
  return (
    <>
      <h3>What the extension may do</h3>
      <ul className="permissions">
        {REASONS.map(([permission, reason]) => (
          <li key={permission}>
            {permission}: {reason}.
          </li>
        ))}
        <li>
          {hosts.length === 0
            ? "It may access no host. It asks when you add a server, for that host alone."
            : "It may access these hosts, which you allowed one by one: "}
          {hosts.map((host) => (
            <bdi key={host} className="mono host">
              {host}
            </bdi>
          ))}
        </li>
      </ul>
    </>
  );
}

/** @param changed Counts anew when it is another. */
function useStored(changed: unknown): Stored | undefined {
  const [found, setFound] = useState<Stored>();
  const look = useCallback(() => void stored().then(setFound), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `changed` counts anew.
  useEffect(() => {
    look();
    const events = [chrome.permissions.onAdded, chrome.permissions.onRemoved];
    for (const event of events) event.addListener(look);
    chrome.storage.onChanged.addListener(look);
    return () => {
      for (const event of events) event.removeListener(look);
      chrome.storage.onChanged.removeListener(look);
    };
  }, [look, changed]);
  return found;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function sized(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
