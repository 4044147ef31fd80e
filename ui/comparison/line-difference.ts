/** A stretch of lines that both texts have, or that one of them has. */
export interface Hunk {
  readonly kind: "same" | "removed" | "added";
  readonly lines: readonly string[];
}

/** How many lines may differ. More take long to find, and nobody reads them. */
const MOST_DIFFERENCES = 1_000;

/**
 * Returns what leads from one list of lines to another, by the shortest way (Myers, "An O(ND) Difference Algorithm", 1986).
 * Returns undefined if more than 1,000 lines differ.
 */
export function lineDifference(
  before: readonly string[],
  after: readonly string[],
): readonly Hunk[] | undefined {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const least = Math.min(before.length, after.length) - start;
  while (end < least && before.at(-1 - end) === after.at(-1 - end)) end++;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  const steps = shortestWay(a, b);
  if (!steps) return undefined;
  return joined([
    ...before.slice(0, start).map((line) => ["same", line] as const),
    ...steps,
    ...before.slice(before.length - end).map((line) => ["same", line] as const),
  ]);
}

type Step = readonly [kind: Hunk["kind"], line: string];

function shortestWay(a: readonly string[], b: readonly string[]): readonly Step[] | undefined {
  const most = Math.min(a.length + b.length, MOST_DIFFERENCES);
  /** How far each diagonal reaches in `a`, after as many differences as the list has entries. */
  const reached: Map<number, number>[] = [];
  let last = new Map([[1, 0]]);
  for (let differences = 0; differences <= most; differences++) {
    const next = new Map<number, number>();
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      const [down, right] = [last.get(diagonal + 1) ?? -1, last.get(diagonal - 1) ?? -1];
      const isDown = diagonal === -differences || (diagonal !== differences && right < down);
      let x = isDown ? down : right + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      next.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return wayBack(a, b, [...reached, last]);
    }
    reached.push(last);
    last = next;
  }
  return undefined;
}

function wayBack(
  a: readonly string[],
  b: readonly string[],
  reached: readonly Map<number, number>[],
): readonly Step[] {
  const steps: Step[] = [];
  let [x, y] = [a.length, b.length];
  for (let differences = reached.length - 1; differences >= 0; differences--) {
    const before = reached[differences];
    const diagonal = x - y;
    const [down, right] = [before?.get(diagonal + 1) ?? -1, before?.get(diagonal - 1) ?? -1];
    const isDown = diagonal === -differences || (diagonal !== differences && right < down);
    const from = isDown ? down : right;
    const fromY = from - (isDown ? diagonal + 1 : diagonal - 1);
    while (x > from && y > fromY) {
      steps.push(["same", a[--x] ?? ""]);
      y--;
    }
    if (differences === 0) break;
    if (isDown) steps.push(["added", b[--y] ?? ""]);
    else steps.push(["removed", a[--x] ?? ""]);
  }
  return steps.reverse();
}

function joined(steps: readonly Step[]): readonly Hunk[] {
  const hunks: { kind: Hunk["kind"]; lines: string[] }[] = [];
  for (const [kind, line] of steps) {
    const last = hunks.at(-1);
    if (last?.kind === kind) last.lines.push(line);
    else hunks.push({ kind, lines: [line] });
  }
  return hunks;
}
