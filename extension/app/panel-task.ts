import { isRecord } from "./is-record.ts";

/** Where `chrome.storage.session` says which task the side panel is to show. */
export const PANEL_TASK = "panel-task";

/** Older wishes are not of the person who opens the panel now, in ms. */
const FRESH_MS = 10_000;

export function panelAddress(task: string): string {
  return chrome.runtime.getURL(`panel.html#/tasks/${encodeURIComponent(task)}`);
}

/** Calls back with the task the panel is to show: one that was wished a moment ago, and each that is from now on. */
export function followPanelTask(show: (task: string) => void): void {
  chrome.storage.session.onChanged.addListener(({ [PANEL_TASK]: wish }) => {
    const task = readWish(wish?.newValue)?.task;
    if (task !== undefined) show(task);
  });
  void chrome.storage.session.get(PANEL_TASK).then(({ [PANEL_TASK]: stored }) => {
    const wish = readWish(stored);
    if (wish && Date.now() - wish.at < FRESH_MS) show(wish.task);
  });
}

function readWish(stored: unknown): { readonly task: string; readonly at: number } | undefined {
  if (!isRecord(stored)) return undefined;
  const { task, at } = stored;
  return typeof task === "string" && typeof at === "number" ? { task, at } : undefined;
}
