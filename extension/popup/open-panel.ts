import { showInPanel } from "../app/side-panel.ts";

let windowId: number | undefined;
// Known before anyone clicks: the panel opens for a click, and not for what comes after a wait.
void chrome.windows.getCurrent().then(({ id }) => {
  windowId = id;
});

/** Opens the side panel, with a task if one is given, and the popup goes. */
export async function openPanel(task: string | undefined): Promise<void> {
  await showInPanel(task, windowId);
  window.close();
}
