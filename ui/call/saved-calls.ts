import type { JsonObject } from "holdfast";
import { createStore, get, type UseStore, update } from "idb-keyval";
import { Followed } from "../app/followed.ts";

/** A call that a person named, to make it again. */
export interface SavedCall {
  /** The server, the tool and the name together are one call: saving it again replaces it. */
  readonly name: string;
  readonly server: string;
  readonly tool: string;
  readonly arguments: JsonObject;
}

const KEY = "all";
/** How many are kept, and how long one may be, in UTF-16 code units of its JSON. */
const MOST = 500;
const LONGEST = 200_000;
const LONGEST_NAME = 200;

/** The saved calls, by name; undefined until they were read. */
export const savedCalls = new Followed<readonly SavedCall[] | undefined>(undefined);

let store: UseStore | undefined;
function opened(): UseStore {
  store ??= createStore("holdfast-saved-calls", "calls");
  return store;
}

/** Reads what is stored. Another tab may have changed it. */
export async function readSavedCalls(): Promise<void> {
  // A browser without storage has an empty list, and saving a call says why it fails.
  savedCalls.set(readStored(await get<unknown>(KEY, opened()).catch(() => undefined)));
}

/** Saves a call. Rejects with an Error to show if it cannot be stored. */
export async function saveCall(call: SavedCall): Promise<void> {
  await addAll([call]);
}

/** Removes a call, and returns what puts it back. */
export async function removeSavedCall(call: SavedCall): Promise<() => Promise<void>> {
  await change((calls) => calls.filter((each) => !isSame(each, call)));
  return () => saveCall(call);
}

/** Adds calls. Those of the same server, tool and name are replaced. Rejects with an Error to show. */
async function addAll(added: readonly SavedCall[]): Promise<void> {
  for (const call of added)
    if (JSON.stringify(call).length > LONGEST)
      throw new Error(`The arguments of ${JSON.stringify(call.name)} are too long to save`);
  await change((calls) => {
    const next = [...calls.filter((each) => !added.some((call) => isSame(each, call))), ...added];
    if (next.length > MOST) throw new Error(`No more than ${MOST} calls are saved. Remove some first`);
    return next;
  });
}

/** The calls as JSON, for a file. */
export function exportCalls(calls: readonly SavedCall[]): string {
  return JSON.stringify({ holdfast: "saved-calls", version: 1, calls }, undefined, 2);
}

/** Adds the calls of a file that was exported. Resolves with how many there were. Rejects with an Error to show. */
export async function importCalls(text: string): Promise<number> {
  const read = callsIn(text);
  await addAll(read);
  return read.length;
}

function callsIn(text: string): readonly SavedCall[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("The file is not JSON");
  }
  const { calls } = Object(value) as { readonly calls?: unknown };
  if (!Array.isArray(calls)) throw new Error("The file has no saved calls");
  const read = readStored(calls);
  if (read.length < calls.length)
    throw new Error(
      `${calls.length - read.length} of ${calls.length} entries of the file are not saved calls`,
    );
  // The last of the same name is meant.
  return read.filter((call, index) => !read.slice(index + 1).some((later) => isSame(call, later)));
}

function isSame(a: SavedCall, b: SavedCall): boolean {
  return a.name === b.name && a.server === b.server && a.tool === b.tool;
}

async function change(next: (calls: readonly SavedCall[]) => readonly SavedCall[]): Promise<void> {
  let changed: readonly SavedCall[] = [];
  await update<unknown>(
    KEY,
    (stored) => {
      changed = next(readStored(stored)).toSorted((a, b) =>
        a.name.localeCompare(b.name, undefined, { numeric: true }),
      );
      return changed;
    },
    opened(),
  );
  savedCalls.set(changed);
}

/** What is stored, or stands in a file, may be of another version of this page. */
function readStored(stored: unknown): readonly SavedCall[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((entry: unknown) => {
    const { name, server, tool, arguments: args } = Object(entry) as { readonly [field: string]: unknown };
    if (typeof name !== "string" || name === "" || name.length > LONGEST_NAME) return [];
    if (typeof server !== "string" || typeof tool !== "string") return [];
    if (typeof args !== "object" || args === null || Array.isArray(args)) return [];
    return [{ name, server, tool, arguments: args as JsonObject }];
  });
}
