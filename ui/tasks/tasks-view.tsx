import { Suspense, useDeferredValue, useMemo, useState } from "react";
import { later } from "../app/later.ts";
import { hrefOf } from "../app/route.ts";
import { Split } from "../app/split.tsx";
import { useTaskListing, useTasks } from "../clients/hooks.ts";
import { useServers, useWorkspace } from "../clients/workspace-context.ts";
import { Button, ButtonLink } from "../controls/button.tsx";
import { Select } from "../controls/choice.tsx";
import { TextField } from "../controls/text-field.tsx";
import { KINDS, type Kind, wantedTasks } from "./task-filter.ts";
import { TaskTable } from "./task-table.tsx";
import "./status.css";
import "./table.css";

const TaskDetails = later(() => import("../task/task-details.tsx").then((module) => module.TaskDetails));

const KIND_WORDS: Readonly<Record<Kind, string>> = {
  all: "All tasks",
  running: "Running",
  asking: "Asking",
  done: "Completed",
  failed: "Not completed",
};

/** The tasks, and the one that is open. */
export function TasksView({ open }: { readonly open: string | undefined }) {
  const tasks = useTasks();
  const listing = useTaskListing();
  const servers = useServers();
  const { signInAt } = useWorkspace();
  const [kind, setKind] = useState<Kind>("all");
  const [text, setText] = useState("");
  // A thousand tasks may change faster than they can be looked through: typing comes first.
  const known = useDeferredValue(tasks);
  const wanted = useMemo(() => wantedTasks(known, { kind, text }), [known, kind, text]);
  const master = (
    <section className="tasks-pane" aria-label="All tasks">
      <div className="toolbar">
        <TextField
          aria-label="Search tasks"
          placeholder="Search tasks"
          type="search"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Select
          aria-label="Which tasks"
          value={kind}
          data={KINDS.map((value) => ({ value, label: KIND_WORDS[value] }))}
          onChange={(event) => setKind(event.currentTarget.value as Kind)}
        />
        <span className="quiet" role="status">
          {wanted.length === tasks.length ? `${tasks.length}` : `${wanted.length} of ${tasks.length}`}
        </span>
      </div>
      {tasks.length > 0 ? (
        <TaskTable tasks={wanted} open={open} />
      ) : (
        <div className="empty">
          {listing.status === "loading" && <p className="quiet">Looking for tasks…</p>}
          {listing.status === "failed" && (
            <p role="alert">
              The stored tasks could not be read: {String(listing.error)}.{" "}
              <Button size="compact" variant="default" onClick={listing.retry}>
                Try again
              </Button>
            </p>
          )}
          {listing.status === "ready" && (
            <>
              <p>Nothing has been called yet.</p>
              <p className="quiet">
                Start a long tool call, then reload this page, close the tab, or kill the browser. The task is
                still here.
              </p>
              {signInAt !== undefined && (
                <p>Sign in to call the worker's servers, and to see what runs there for you.</p>
              )}
              <div className="empty-actions">
                {signInAt !== undefined && <ButtonLink href={signInAt}>Sign in to the worker</ButtonLink>}
                {servers.length > 0 ? (
                  <ButtonLink href={hrefOf("call")} variant={signInAt === undefined ? "filled" : "default"}>
                    Call a tool
                  </ButtonLink>
                ) : (
                  <ButtonLink
                    href={hrefOf("servers")}
                    variant={signInAt === undefined ? "filled" : "default"}
                  >
                    Add a server
                  </ButtonLink>
                )}
              </div>
            </>
          )}
        </div>
      )}
    </section>
  );
  return (
    <Split
      master={master}
      detail={
        open === undefined ? undefined : (
          <Suspense>
            <TaskDetails key={open} id={open} />
          </Suspense>
        )
      }
    />
  );
}
