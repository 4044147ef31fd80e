/** The lines that differ, with `-` and `+`, and up to three lines around them, as `diff -u` shows them. */
export function lineDifference(before: string, after: string): readonly string[] {
  const a = before.split(/\r?\n/);
  const b = after.split(/\r?\n/);
  const marked = compared(a, b);
  const near = (at: number): boolean =>
    marked.slice(Math.max(0, at - 3), at + 4).some(({ mark }) => mark !== " ");
  return marked.flatMap(({ mark, line }, at) => (near(at) ? [`${mark} ${line}`] : []));
}

interface Marked {
  readonly mark: " " | "-" | "+";
  readonly line: string;
}

/** By the longest common subsequence: configurations have some hundred lines. */
function compared(a: readonly string[], b: readonly string[]): readonly Marked[] {
  const common: number[][] = Array.from({ length: a.length + 1 }, () => Array<number>(b.length + 1).fill(0));
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = common[i];
      if (row) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const marked: Marked[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      marked.push({ mark: " ", line: left });
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      marked.push({ mark: "-", line: left });
      i++;
    } else {
      marked.push({ mark: "+", line: right ?? "" });
      j++;
    }
  }
  return marked;
}
