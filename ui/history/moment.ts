/** Something that happened to a task, as the page saw it. Times are ms since 1970, by this machine's clock. */
export interface Moment {
  /** The same in every tab that saw it, so that it is kept once. */
  readonly key: string;
  readonly at: number;
  readonly kind:
    | "called"
    | "accepted"
    | "message"
    | "question"
    | "answered"
    | "reload"
    | "opened"
    | "retry"
    | "cancel"
    | "ended";
  readonly text: string;
}

/** Those of both, each once, in the order they happened. */
export function merged(a: readonly Moment[], b: readonly Moment[]): readonly Moment[] {
  const known = new Map([...a, ...b].map((moment) => [moment.key, moment]));
  for (const moment of a) known.set(moment.key, moment);
  return [...known.values()].sort((x, y) => x.at - y.at);
}
