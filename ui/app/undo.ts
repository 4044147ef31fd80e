import { Followed } from "./followed.ts";

/** Something that was done, and can be taken back for a while. */
export interface Undoable {
  readonly message: string;
  readonly undo: () => void;
}

/** How long it can be taken back, in ms. */
export const OFFERED_MS = 30_000;

/** What can be taken back now. */
export const undoable = new Followed<Undoable | undefined>(undefined);

let timer: ReturnType<typeof setTimeout> | undefined;
let final: (() => void) | undefined;

/**
 * Offers to take something back.
 * @param done Called when it cannot be taken back any longer: the time is over, or something else was done since.
 */
export function offerUndo(message: string, undo: () => void, done?: () => void): void {
  settle();
  final = done;
  timer = setTimeout(settle, OFFERED_MS);
  undoable.set({
    message,
    undo: () => {
      final = undefined;
      settle();
      undo();
    },
  });
}

/** Ends the offer. What was done stays done. */
export function settle(): void {
  clearTimeout(timer);
  const done = final;
  final = undefined;
  undoable.set(undefined);
  done?.();
}

// A page that goes does not come back to offer it.
addEventListener("pagehide", settle);
addEventListener("keydown", (event) => {
  if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
  // Fields have an undo of their own.
  if (event.target instanceof Element && event.target.closest("input, textarea, select")) return;
  undoable.get()?.undo();
});
