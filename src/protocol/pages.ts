/** One page of a server's list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Anything but a string ends the list. */
  readonly nextCursor?: unknown;
}

/** How far a list was read. A page that failed is asked for again, and none before it. */
export interface ListReading<T> {
  /** What the pages listed, by its key. */
  readonly items: Map<string, T>;
  /** The cursors of the pages that were read. */
  readonly cursors: Set<string | undefined>;
  /** The cursor of the next page. */
  cursor?: string | undefined;
  /** No page is left to read. */
  ended?: boolean;
  /** How many items were read, where the server has more pages than are read. */
  readOf?: number;
}
