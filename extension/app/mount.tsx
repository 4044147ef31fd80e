import "../../ui/app/console.css";
import "./extension.css";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { paint } from "../../ui/app/color-scheme.tsx";
import { Notices } from "../../ui/app/notices.tsx";
import { TaskClientProvider } from "../../ui/clients/hooks.ts";
import { listedViews } from "../../ui/clients/listed-views.ts";
import { WorkspaceContext } from "../../ui/clients/workspace-context.ts";
import { HistoryContext } from "../../ui/history/history-context.ts";
import { TaskHistory } from "../../ui/history/task-history.ts";
import { openWorkspace } from "./workspace.ts";

/** Puts one of the extension's views on its page. */
export async function mount(view: ReactNode): Promise<void> {
  const root = document.querySelector("#root");
  if (!root) throw new Error("The page has no #root");
  paint();
  const workspace = await openWorkspace();
  const history = new TaskHistory();
  // The tasks run elsewhere: to them it is no matter that this page is opened.
  void history.follow(workspace.client, () => listedViews(workspace.client), "no matter");
  createRoot(root).render(
    <StrictMode>
      <WorkspaceContext value={workspace}>
        <HistoryContext value={history}>
          <TaskClientProvider client={workspace.client}>
            {view}
            <Notices />
          </TaskClientProvider>
        </HistoryContext>
      </WorkspaceContext>
    </StrictMode>,
  );
}
