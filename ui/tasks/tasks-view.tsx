import { Suspense, useDeferredValue, useEffect, useMemo, useState } from "react";
import { useFollowed } from "../app/followed.ts";
import { later } from "../app/later.ts";
import { hrefOf, setQuery, useRoute } from "../app/route.ts";
import { Skeleton } from "../app/skeleton.tsx";
import { Split } from "../app/split.tsx";
import { useForgetTask, useTaskListing } from "../clients/hooks.ts";
import { usePacedTasks } from "../clients/paced-tasks.ts";
import { useServers, useWorkspace } from "../clients/workspace-context.ts";
import { Button, ButtonLink } from "../controls/button.tsx";
import { finishRemovals, removed } from "./removal.ts";
import { readWanted, wantedTasks } from "./task-filter.ts";
import { TaskFilters } from "./task-filters.tsx";
import { groupsOf } from "./task-groups.ts";
import { TaskTable } from "./task-table.tsx";
import "./status.css";
import "./table.css";

const SelectionBar = later(() => import("./selection-bar.tsx").then((module) => module.SelectionBar));
const TaskDetails = later(() => import("../task/task-details.tsx").then((module) => module.TaskDetails));

/** The tasks, and the one that is open. */
export function TasksView({ open }: { readonly open: string | undefined }) {
  const all = usePacedTasks();
  const hidden = useFollowed(removed);
  const tasks = useMemo(
    () => (hidden.size === 0 ? all : all.filter(({ id }) => !hidden.has(id))),
    [all, hidden],
  );
  const listing = useTaskListing();
  const servers = useServers();
  const { signInAt } = useWorkspace();
  const { query } = useRoute();
  const wanted = useMemo(() => readWanted(query), [query]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // Ten thousand tasks may change faster than they can be looked through: typing comes first.
  const known = useDeferredValue(tasks);
  const asked = useDeferredValue(wanted);
  const found = useMemo(() => wantedTasks(known, asked, Date.now()), [known, asked]);
  const groups = useMemo(
    () => (asked.group === "none" ? undefined : groupsOf(found, asked.group)),
    [found, asked.group],
  );
  const selected = useMemo(
    () => (chosen.size === 0 ? [] : tasks.filter(({ id }) => chosen.has(id))),
    [tasks, chosen],
  );
  const forget = useForgetTask();
  useEffect(() => {
    if (listing.status === "ready") finishRemovals(forget);
  }, [listing.status, forget]);
  const master = (
    <section className="tasks-pane" aria-label="All tasks" data-selecting={selected.length > 0}>
      <TaskFilters wanted={wanted} tasks={known} found={found.length} />
      {selected.length > 0 && (
        <Suspense fallback={<div className="selection-bar" />}>
          <SelectionBar selected={selected} clear={() => setChosen(new Set())} />
        </Suspense>
      )}
      {known.length > 0 && found.length === 0 ? (
        <div className="empty">
          <p>No task is like that.</p>
          <Button size="small" variant="default" onClick={() => setQuery("")}>
            Show all tasks
          </Button>
        </div>
      ) : tasks.length > 0 ? (
        <TaskTable tasks={found} groups={groups} open={open} chosen={chosen} onChoose={setChosen} />
      ) : (
        <div className="empty">
          {listing.status === "loading" && <Skeleton label="Looking for tasks…" bars={5} />}
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
              <h2>Nothing has been called yet.</h2>
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
              <ol className="steps">
                <li>
                  <strong>Choose a server.</strong> This page calls it while it is open. One marked{" "}
                  <em>worker</em> is called with no page open.
                </li>
                <li>
                  <strong>Call a tool.</strong> Its form comes from its schema, or paste JSON.
                </li>
                <li>
                  <strong>Leave.</strong> Reload this page, close the tab, or kill the browser. The task is
                  still here.
                </li>
              </ol>
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
          <Suspense fallback={<Skeleton label="Opening the task…" bars={2} height={9} />}>
            <TaskDetails key={open} id={open} />
          </Suspense>
        )
      }
    />
  );
}
