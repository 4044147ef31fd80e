import { Followed } from "../../ui/app/followed.ts";
import { goTo, type View } from "../../ui/app/route.ts";

/** Where a letter leads after `g`. */
export const VIEW_KEYS: Readonly<Record<string, View>> = {
  t: "tasks",
  q: "questions",
  c: "call",
  s: "servers",
  w: "access",
};

/** How long after `g` the second key may come, in ms. */
const SECOND_KEY_MS = 1_500;
const KEY = "holdfast-shortcuts";

/** Whether single keys do something. People who speak to their machine turn them off (WCAG 2.2, 2.1.4). */
export const areKeysOn = new Followed(readStored() !== "off");

export function switchKeys(isOn: boolean): void {
  areKeysOn.set(isOn);
  try {
    if (isOn) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "off");
  } catch {
    // Without storage it is this page's only.
  }
}

function readStored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Has the keys do what the sheet says. Returns what ends that. */
export function listenToKeys(openSheet: () => void): () => void {
  let pressed = 0;
  const take = (event: KeyboardEvent): void => {
    if (!areKeysOn.get() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isWriting(event.target) || document.querySelector("dialog[open], :popover-open")) return;
    const { key } = event;
    const isSecond = event.timeStamp - pressed < SECOND_KEY_MS;
    pressed = key === "g" ? event.timeStamp : 0;
    const view = isSecond ? VIEW_KEYS[key] : undefined;
    if (view !== undefined) goTo(view);
    else if (key === "?") openSheet();
    else if (key === "/") document.querySelector<HTMLElement>('main [type="search"]')?.focus();
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", take);
  return () => removeEventListener("keydown", take);
}

/** Keys that are pressed in a field are its text, or choose in it. */
function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null
  );
}
