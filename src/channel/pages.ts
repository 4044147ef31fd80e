/** How many pages of a server's list are read at most. */
const MAX_PAGES = 64;

export interface Page<T> {
  readonly items: readonly T[];
  /** Anything but a string ends the list. */
  readonly nextCursor?: unknown;
}

/** A list as far as it was read. */
export interface Listing<T> {
  readonly items: readonly T[];
  /** Why the server may have more, as a sentence. */
  readonly cut?: string;
}

/**
 * Reads a list page by page. It ends where the server names a cursor for the second time: from there on its pages
 * would repeat themselves. What is listed twice under one key is one thing, as it was listed last.
 * @param method Names the list in `cut`.
 * @param maxPages How many pages are read at most.
 */
export async function readPages<T>(
  method: string,
  read: (cursor: string | undefined) => Promise<Page<T>>,
  keyOf: (item: T) => string,
  maxPages: number = MAX_PAGES,
): Promise<Listing<T>> {
  const items = new Map<string, T>();
  const cursors = new Set<string | undefined>();
  let cursor: string | undefined;
  let cut: string | undefined;
  do {
    const page = await read(cursor);
    for (const item of page.items) items.set(keyOf(item), item);
    cursors.add(cursor);
    if (typeof page.nextCursor !== "string") break;
    cursor = page.nextCursor;
    if (cursors.has(cursor)) cut = `names the cursor ${JSON.stringify(cursor.slice(0, 80))} again`;
    else if (cursors.size === maxPages) cut = `has more than ${maxPages} pages`;
  } while (!cut);
  return { items: [...items.values()], ...(cut && { cut: `${method} ${cut}: the rest is left out` }) };
}
