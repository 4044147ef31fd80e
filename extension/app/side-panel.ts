import { PANEL_TASK, panelAddress } from "./panel-task.ts";

/** Firefox's side panel, which Chrome's types do not know. */
interface Firefox {
  readonly browser?: { readonly sidebarAction?: { open(): Promise<void> } };
}

/**
 * Shows the side panel, and in it a task; where it cannot be opened, that is a tab. Call it in the turn of a click:
 * a browser opens no panel for what comes later.
 */
export async function showInPanel(task: string | undefined, windowId: number | undefined): Promise<void> {
  const opened = open(windowId);
  // A panel that is open, or opens, reads it there.
  if (task !== undefined) await chrome.storage.session.set({ [PANEL_TASK]: { task, at: Date.now() } });
  try {
    await opened;
  } catch {
    const url = task === undefined ? chrome.runtime.getURL("panel.html") : panelAddress(task);
    await chrome.tabs.create({ url });
  }
}

function open(windowId: number | undefined): Promise<void> {
  if (chrome.sidePanel && windowId !== undefined) return chrome.sidePanel.open({ windowId });
  const sidebar = (globalThis as Firefox).browser?.sidebarAction;
  return sidebar ? sidebar.open() : Promise.reject(new Error("There is no side panel"));
}
