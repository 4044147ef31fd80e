import type { ListReading, Page } from "../protocol/pages.ts";

/** How many pages of a server's list are read at most. */
const MAX_PAGES = 64;

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
 * @param reading How far the list was read before. It moves on with each page.
 */
export async function readPages<T>(
  method: string,
  read: (cursor: string | undefined) => Promise<Page<T>>,
  keyOf: (item: T) => string,
  reading: ListReading<T> = { items: new Map(), cursors: new Set() },
): Promise<Listing<T>> {
  const { items, cursors } = reading;
  let cut: string | undefined;
  while (!reading.ended) {
    const { items: listed, nextCursor: next } = await read(reading.cursor);
    for (const item of listed) items.set(keyOf(item), item);
    cursors.add(reading.cursor);
    if (typeof next === "string") {
      reading.cursor = next;
      if (cursors.has(next)) cut = `names the cursor ${JSON.stringify(next.slice(0, 80))} again`;
      else if (cursors.size < MAX_PAGES) continue;
      else {
        cut = `has more than ${MAX_PAGES} pages`;
        reading.readOf = items.size;
      }
    }
    reading.ended = true;
  }
  return { items: [...items.values()], ...(cut && { cut: `${method} ${cut}: the rest is left out` }) };
}
