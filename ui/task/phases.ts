import type { Moment } from "../history/moment.ts";

/** A stretch of a task's life. */
export interface Phase {
  readonly from: number;
  readonly to: number;
  readonly kind: "calling" | "working" | "asking";
}

/** The stretches between the moments that change what a task is doing. */
export function phasesOf(moments: readonly Moment[], end: number): readonly Phase[] {
  const phases: Phase[] = [];
  let from = moments[0]?.at ?? end;
  let kind: Phase["kind"] = "calling";
  const change = (at: number, next: Phase["kind"]): void => {
    if (next === kind) return;
    if (at > from) phases.push({ from, to: at, kind });
    from = at;
    kind = next;
  };
  for (const moment of moments) {
    if (moment.kind === "question") change(moment.at, "asking");
    else if (moment.kind === "accepted" || moment.kind === "answered") change(moment.at, "working");
    else if (moment.kind === "message" && kind === "calling") change(moment.at, "working");
  }
  phases.push({ from, to: Math.max(end, from), kind });
  return phases;
}
