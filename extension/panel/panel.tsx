import { ErrorBoundary } from "../../ui/app/error-boundary.tsx";
import { useRoute } from "../../ui/app/route.ts";
import { CallView } from "../../ui/call/call-view.tsx";
import { InboxView } from "../../ui/questions/inbox-view.tsx";
import { TasksView } from "../../ui/tasks/tasks-view.tsx";
import { Header } from "../app/header.tsx";
import { useReadyMark } from "../app/ready.ts";
import { Unready } from "../app/unready.tsx";
import { useOptionsForServers } from "../app/use-options-route.ts";
import "./panel.css";

/** The tasks and all there is to see of each, beside the page; in a tab of its own, too. */
export function Panel() {
  const { view, chosen } = useRoute();
  useReadyMark();
  useOptionsForServers();
  return (
    <>
      <Header questions="questions" />
      <main className="panel">
        <Unready />
        <ErrorBoundary key={view}>
          {view === "questions" ? (
            <InboxView open={chosen[0]} />
          ) : view === "call" ? (
            <CallView
              {...(chosen[0] !== undefined && { server: chosen[0] })}
              {...(chosen[1] !== undefined && { tool: chosen[1] })}
            />
          ) : (
            <TasksView open={chosen[0]} />
          )}
        </ErrorBoundary>
      </main>
    </>
  );
}
