import type { ToolResult } from "holdfast";
import { useMemo, useState } from "react";
import { type Hunk, lineDifference } from "./line-difference.ts";
import { resultLines } from "./result-lines.ts";
import "./comparison.css";

/** More text than this is not compared, in UTF-16 code units, and more lines than these are not drawn. */
const LONGEST = 1_000_000;
const MOST_LINES = 2_000;
/** How much around a change is shown, in lines. */
const CONTEXT = 3;
const LONGEST_LINE = 2_000;

export interface DifferenceProps {
  readonly before: ToolResult;
  readonly after: ToolResult;
  /** What to call the two. */
  readonly words: readonly [before: string, after: string];
}

/** What changed from one result to another, line by line. */
export function Difference({ before, after, words }: DifferenceProps) {
  const [whole, setWhole] = useState(false);
  const hunks = useMemo(() => {
    const [a, b] = [resultLines(before), resultLines(after)];
    return lengthOf(a) + lengthOf(b) > LONGEST ? undefined : lineDifference(a, b);
  }, [before, after]);
  if (!hunks) return <p className="quiet">The two differ in too much to show it here.</p>;
  const count = (kind: Hunk["kind"]): number =>
    hunks.reduce((sum, hunk) => sum + (hunk.kind === kind ? hunk.lines.length : 0), 0);
  const [removed, added] = [count("removed"), count("added")];
  if (removed + added === 0) return <p className="fits">✓ The two results are the same</p>;
  const hasMore = hunks.some(({ kind, lines }) => kind === "same" && lines.length > 2 * CONTEXT);
  return (
    <>
      <p className="quiet" role="status">
        {lineCount(removed)} only in {words[0]} (−), {lineCount(added)} only in {words[1]} (+)
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
      <section className="difference" aria-label="Difference" tabIndex={0}>
        {shownLines(hunks, whole).map(({ key, kind, line }) => (
          <div key={key} data-kind={kind}>
            <span className="difference-sign">{SIGNS[kind]}</span>
            {kind === "removed" ? (
              <del>
                <bdi>{line}</bdi>
              </del>
            ) : kind === "added" ? (
              <ins>
                <bdi>{line}</bdi>
              </ins>
            ) : (
              <bdi>{line}</bdi>
            )}
          </div>
        ))}
      </section>
      {hasMore && (
        <button type="button" className="json-more" onClick={() => setWhole(!whole)}>
          {whole ? "Only what changed" : "All lines"}
        </button>
      )}
    </>
  );
}

const SIGNS = { same: " ", removed: "−", added: "+", left: " " } as const;

interface ShownLine {
  readonly key: string;
  readonly kind: keyof typeof SIGNS;
  readonly line: string;
}

function shownLines(hunks: readonly Hunk[], whole: boolean): readonly ShownLine[] {
  const shown: ShownLine[] = [];
  let at = 0;
  for (const [index, { kind, lines }] of hunks.entries()) {
    // What is the same is shown after the change before it, and before the change after it.
    const head = index === 0 ? 0 : CONTEXT;
    const tail = index === hunks.length - 1 ? 0 : CONTEXT;
    const left = kind === "same" && !whole ? Math.max(0, lines.length - head - tail) : 0;
    for (const [line, text] of lines.entries()) {
      if (left > 0 && line >= head && line < head + left) {
        if (line === head) shown.push({ key: `${at}`, kind: "left", line: `… ${lineCount(left)} alike` });
      } else {
        const cut = text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
        shown.push({ key: `${at}`, kind, line: cut });
      }
      at++;
    }
    if (shown.length >= MOST_LINES) break;
  }
  if (shown.length <= MOST_LINES) return shown;
  return [...shown.slice(0, MOST_LINES), { key: "rest", kind: "left", line: "… the rest is not shown" }];
}

function lineCount(count: number): string {
  return count === 1 ? "1 line" : `${count} lines`;
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}
