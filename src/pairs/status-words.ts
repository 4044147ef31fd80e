import { readStatus } from "../protocol/task-reading.ts";
import type { WireStatus } from "../protocol/task-snapshot.ts";
import type { Pair } from "./pair.ts";

/** What queues of jobs say, beside the words that servers of Tasks use. */
const USUAL: Readonly<Record<WireStatus, string>> = {
  working:
    "accepted active building crawling created deploying enqueued executing finalizing generating indexing initializing " +
    "inqueue notstarted ongoing preparing processing provisioning rendering retrying scheduled scraping started starting " +
    "uploading validating waiting cancelling canceling stopping",
  completed: "ended finished ok passed successful",
  failed: "crashed errored exception expired failure rejected timedout timeout",
  cancelled: "aborted killed stopped terminated",
  input_required: "actionrequired awaitinginput inputneeded needsinput requiresaction waitingforinput",
};
const BY_WORD: ReadonlyMap<string, WireStatus> = new Map(
  Object.entries(USUAL).flatMap(([status, words]) =>
    words.split(" ").map((word) => [word, status as WireStatus] as const),
  ),
);

/** The form in which words are compared: letters and digits only, in lower case. */
export function plainWord(value: string | number | boolean): string {
  return String(value)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");
}

/** The status that a value means, or `undefined` for a word that neither the pair nor this library knows. */
export function statusOf(value: unknown, words: Pair["words"]): WireStatus | undefined {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
  const plain = plainWord(typeof value === "string" ? value.slice(0, 200) : value);
  for (const [status, said] of Object.entries(words ?? {}))
    if (said?.some((word) => plainWord(word) === plain)) return status as WireStatus;
  return BY_WORD.get(plain) ?? readStatus(plain);
}

/** The status at the beginning of a line of text: `In progress (45%)` says `In progress`. */
export function statusInText(line: string): string {
  return line.split(/[([{|,.;:—–]|\s-\s/, 1)[0] ?? line;
}
