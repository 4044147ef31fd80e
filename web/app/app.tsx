import { type ReactNode, Suspense, useEffect } from "react";
import { ColorScheme } from "../../ui/app/color-scheme.tsx";
import { ErrorBoundary } from "../../ui/app/error-boundary.tsx";
import { fetchRest, later } from "../../ui/app/later.ts";
import { Notices } from "../../ui/app/notices.tsx";
import { hrefInList, useRoute, type View } from "../../ui/app/route.ts";
import { Skeleton } from "../../ui/app/skeleton.tsx";
import { TaskClientProvider, useTaskListing } from "../../ui/clients/hooks.ts";
import { useRunningCount } from "../../ui/clients/running-count.ts";
import type { Workspace } from "../../ui/clients/workspace.ts";
import { useWorkspace, WorkspaceContext } from "../../ui/clients/workspace-context.ts";
import { ButtonLink } from "../../ui/controls/button.tsx";
import { HistoryContext } from "../../ui/history/history-context.ts";
import type { TaskHistory } from "../../ui/history/task-history.ts";
import { TasksView } from "../../ui/tasks/tasks-view.tsx";
import { Help } from "../help/help.tsx";
import { QuestionBadge } from "../questions/question-badge.tsx";
import { Announcements } from "./announcements.tsx";

const CallView = later(() => import("../../ui/call/call-view.tsx").then((module) => module.CallView));
const ServersView = later(() => import("../servers/servers-view.tsx").then((module) => module.ServersView));
const InboxView = later(() => import("../../ui/questions/inbox-view.tsx").then((module) => module.InboxView));
const AccessView = later(() => import("../access/access-view.tsx").then((module) => module.AccessView));

export interface AppProps {
  readonly workspace: Workspace;
  readonly history: TaskHistory;
}

export function App({ workspace, history }: AppProps) {
  return (
    <WorkspaceContext value={workspace}>
      <HistoryContext value={history}>
        <TaskClientProvider client={workspace.client}>
          <Shell />
        </TaskClientProvider>
      </HistoryContext>
    </WorkspaceContext>
  );
}

function Shell() {
  const { view, chosen } = useRoute();
  const { status } = useTaskListing();
  const { signInAt } = useWorkspace();
  useEffect(() => {
    if (status === "loading") return;
    document.documentElement.dataset.ready = "true";
    fetchRest();
  }, [status]);
  return (
    <>
      <header className="page-header">
        <h1>
          <img src="/holdfast.svg" alt="" width="24" height="24" />
          <span>Holdfast</span>
        </h1>
        <nav aria-label="Views">
          <ViewLink view="tasks" current={view}>
            Tasks <RunningCount />
          </ViewLink>
          <ViewLink view="call" current={view}>
            Call
          </ViewLink>
          <ViewLink view="servers" current={view}>
            Servers
          </ViewLink>
          <ViewLink view="access" current={view}>
            Worker
          </ViewLink>
        </nav>
        <div className="page-tools">
          {signInAt !== undefined && view !== "access" && (
            <ButtonLink size="small" href={signInAt}>
              Sign in
            </ButtonLink>
          )}
          <QuestionBadge />
          <Help />
          <ColorScheme />
        </div>
      </header>
      <main>
        <ErrorBoundary key={view}>
          <Suspense fallback={<ViewComing />}>
            {view === "tasks" && <TasksView open={chosen[0]} />}
            {view === "questions" && <InboxView open={chosen[0]} />}
            {view === "call" && (
              <CallView
                {...(chosen[0] !== undefined && { server: chosen[0] })}
                {...(chosen[1] !== undefined && { tool: chosen[1] })}
              />
            )}
            {view === "servers" && <ServersView chosen={chosen[0]} />}
            {view === "access" && <AccessView />}
          </Suspense>
        </ErrorBoundary>
      </main>
      <Notices />
      <Announcements />
    </>
  );
}

/** The code of a view is on its way. */
function ViewComing() {
  return (
    <div className="split">
      <div className="split-master">
        <Skeleton label="Fetching the view…" />
      </div>
    </div>
  );
}

interface ViewLinkProps {
  readonly view: View;
  readonly current: View;
  readonly children: ReactNode;
}

function ViewLink({ view, current, children }: ViewLinkProps) {
  return (
    <a href={hrefInList(view)} aria-current={view === current ? "page" : undefined}>
      {children}
    </a>
  );
}

function RunningCount() {
  const running = useRunningCount();
  return (
    <span className="count" title={`${running} running`}>
      {running}
      <span className="unseen"> running</span>
    </span>
  );
}
