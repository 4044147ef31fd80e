/** How often a change is tried again when another process was faster. */
const ATTEMPTS = 100;

/** A note as it was read, and how to write the next one: resolves with false if another process was faster. */
export interface ReadNote {
  readonly note: unknown;
  readonly write: (next: string) => Promise<boolean>;
}

/**
 * `DeliveryNotes.change` over a database that compares and sets.
 * @param read Resolves with undefined if the store has no record of the id.
 */
export async function changeNote(
  id: string,
  change: (note: unknown) => unknown,
  read: () => Promise<ReadNote | undefined>,
): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await read();
    if (!found) return false;
    const next = change(found.note);
    if (next === found.note || (await found.write(JSON.stringify(next)))) return true;
  }
  throw new Error(`The note of task ${id} was changed by others ${ATTEMPTS} times in a row: try again`);
}
