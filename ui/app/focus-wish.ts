/** What somebody has just asked to be taken to, and is not there yet. */
let wished: string | undefined;

export type FocusTarget = "task" | "question" | "app" | "app-offer";

export function wishFocus(target: FocusTarget, task: string): void {
  wished = `${target} ${task}`;
}

/** True once for each wish. */
export function takeFocusWish(target: FocusTarget, task: string): boolean {
  if (wished !== `${target} ${task}`) return false;
  wished = undefined;
  return true;
}
