import type { JsonObject } from "holdfast";
import { type Listing, readPages } from "../src/channel/pages.ts";
import { readableEntries } from "./readable-entry.ts";

/** A list method of MCP: the field of its result that holds the entries, and the field that identifies an entry. */
export interface ListMethod {
  readonly method: string;
  readonly field: string;
  readonly key: string;
}

/**
 * Reads all pages of a list. Entries without an identifier are left out.
 * @param ask Sends the request for one page with these params.
 */
export function wholeList(
  { method, field, key }: ListMethod,
  ask: (params: JsonObject) => Promise<JsonObject>,
): Promise<Listing<JsonObject>> {
  return readPages(
    method,
    async (cursor) => {
      const { [field]: entries, nextCursor } = await ask(cursor === undefined ? {} : { cursor });
      return {
        items: readableEntries(entries, key),
        ...(typeof nextCursor === "string" && { nextCursor }),
      };
    },
    (entry) => String(entry[key]),
  );
}
