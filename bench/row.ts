export type Unit = "bytes" | "MB" | "requests" | "ms" | "µs" | "rows" | "per second" | "count" | "USD";

/** What one subject was measured at: several samples of the same thing. */
export interface Point {
  /** Who was measured. Holdfast's own names begin with "Holdfast"; every other is a peer. */
  readonly subject: string;
  /** What it grows over, e.g. the number of tasks. */
  readonly x?: number;
  /** In the row's unit. Empty where the subject cannot do it at all. */
  readonly samples: readonly number[];
}

/** One line of the table, and one plot. */
export interface Row {
  /** Also the name of its plot's file. */
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly better: "less" | "more";
  readonly x?: { readonly name: string; readonly unit: string };
  readonly points: readonly Point[];
  readonly aim?: { readonly text: string; readonly met: boolean };
  readonly notes?: readonly string[];
}

/** What the run passes to a section. */
export interface BenchContext {
  /** Prints what the run is doing. */
  note(text: string): void;
}

/** Rows that are measured together, by the same servers. */
export interface Section {
  readonly id: string;
  readonly title: string;
  run(context: BenchContext): AsyncIterable<Row>;
}
