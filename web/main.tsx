import "../ui/app/console.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { paint } from "../ui/app/color-scheme.tsx";
import { listedViews } from "../ui/clients/listed-views.ts";
import { TaskHistory } from "../ui/history/task-history.ts";
import { App } from "./app/app.tsx";
import { openWorkspace } from "./clients/workspace.ts";

const root = document.querySelector("#root");
if (!root) throw new Error("The page has no #root");

paint();
void start(root);

/** Not awaited at the top level: a chunk that imports this module could not be fetched before it has ended. */
async function start(root: Element): Promise<void> {
  const workspace = await openWorkspace();
  const history = new TaskHistory();
  void history.follow(workspace.client, () => listedViews(workspace.client));
  createRoot(root).render(
    <StrictMode>
      <App workspace={workspace} history={history} />
    </StrictMode>,
  );
}
