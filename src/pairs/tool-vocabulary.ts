import type { ToolWords } from "./tool-words.ts";

/** Words by which tools begin work, or make something. */
export const STARTS: ReadonlySet<string> = set(
  "start create submit launch run trigger begin enqueue queue request generate execute schedule kick invoke call insert " +
    "initiate dispatch perform make send place render train transcribe convert",
);
/** Words of tools that neither begin work nor return its status. */
const OTHERS = set(
  "update edit delete remove set add cancel stop abort kill terminate close list search upload download write move rename " +
    "complete approve pause resume restore archive",
);
/** Words of tools that only read. */
const LOOKS = set(
  "get check poll query retrieve fetch describe show read inspect watch follow lookup find view",
);
/** What a status tool is named by. */
export const STATUS: ReadonlySet<string> = set("status state progress");
/** What a result tool is named by. */
export const RESULTS: ReadonlySet<string> = set(
  "result output report log row download finding answer artifact",
);
/** What a cancel tool is named by. */
export const CANCELS: ReadonlySet<string> = set("cancel stop abort kill terminate");
/** They say nothing about what a tool does. */
const FILLERS = set("by id the a an of for to and async in on with detail info");
/** What runs, and ends. */
export const WORK: ReadonlySet<string> = set(
  "job run export import crawl batch build deploy deployment prediction execution statement transcription transcript scan " +
    "render rendering generation operation backup training migration research conversion simulation evaluation sync " +
    "inference indexing analysis finetune",
);
/** What is kept, and may have a status for ever: a pair of tools makes it and reads it, and nothing runs. */
export const RECORDS: ReadonlySet<string> = set(
  "issue ticket page event file folder directory contact lead deal customer order payment invoice refund subscription " +
    "comment message conversation channel email mail meeting timer poll note card board project user account session " +
    "database table record document branch pull repository release label webhook automation script instance server machine " +
    "vm device todo product cart calendar thread entity node secret key policy reminder post article shipment parcel " +
    "booking reservation appointment quote form survey wallet alert incident case campaign course employee workspace " +
    "environment agent stream bucket network volume site app service container pod namespace",
);
/** Words in the arguments of tools that make a record. */
export const RECORD_ARGUMENTS: ReadonlySet<string> = set(
  "title subject body assignee due priority label email phone price amount currency address",
);

/** Whether a tool may begin work, by its name and its annotations. */
export function mayStart({ words, readOnly }: ToolWords): boolean {
  const [verb = ""] = words;
  if (readOnly === true || LOOKS.has(verb) || words.at(-1) === "check") return false;
  if (words.some((word) => STATUS.has(word))) return false;
  return STARTS.has(verb) || !words.some((word) => RESULTS.has(word) || OTHERS.has(word));
}

/** Whether a tool may return the status of work, by its name and its annotations. */
export function mayReturnStatus({ words, readOnly }: ToolWords): boolean {
  const [verb = ""] = words;
  if (readOnly === false || OTHERS.has(verb) || STARTS.has(verb)) return false;
  const isNamed = words.some((word) => STATUS.has(word));
  if (!isNamed && words.some((word) => RESULTS.has(word))) return false;
  return isNamed || LOOKS.has(verb) || words.at(-1) === "check";
}

/** What a tool is about: the words of its name without those that say what it does. */
export function nounsOf({ words }: ToolWords): readonly string[] {
  const general = [STARTS, LOOKS, OTHERS, STATUS, FILLERS];
  const nouns = words.filter((word) => WORK.has(word) || !general.some((one) => one.has(word)));
  const others = nouns.filter((word) => !RESULTS.has(word));
  // Of `get_scan_report`, the report is what comes of the scan; `request_report` is about a report.
  return others.length > 0 ? others : nouns;
}

function set(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}
