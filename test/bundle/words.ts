import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../examples/documents.ts";

/** A word that we do not use for a thing that has a standard term. */
export interface Word {
  readonly term: string;
  readonly word: RegExp;
  /** Why some are left. */
  readonly reason: string;
  /** How many may be left, by the first folder of the path. Lower a number when you remove some. */
  readonly left: Readonly<Record<string, number>>;
}

const AREAS = ["src", "front", "proxy", "worker", "ui", "web", "extension", "docs", "bench", "test"];
/** Texts of others, and the files of these words themselves. */
const NOT_OURS =
  /\.(svg|png|lock)$|fixtures\/(schemas|records-v1)|performance\/|package-lock|test\/bundle\/words/;

let lines: readonly { readonly place: string; readonly area: string; readonly text: string }[] | undefined;

/** The places of a word, by area: `<file>:<line>: <text>`. */
export function placesOf({ word }: Word): ReadonlyMap<string, readonly string[]> {
  lines ??= sourceLines();
  const places = new Map<string, string[]>();
  for (const { place, area, text } of lines) {
    for (const _found of text.matchAll(new RegExp(word.source, "g"))) {
      const known = places.get(area) ?? [];
      known.push(`${place}: ${text.trim().slice(0, 140)}`);
      places.set(area, known);
    }
  }
  return places;
}

function sourceLines(): NonNullable<typeof lines> {
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  })
    .split("\n")
    .filter((path) => /\.(tsx?|mjs|md|css|html)$/.test(path) && !NOT_OURS.test(path));
  return files.flatMap((path) => {
    const [top = ""] = path.split("/");
    const area = AREAS.includes(top) ? top : "docs";
    return readFileSync(join(ROOT, path), "utf8")
      .split("\n")
      .map((text, index) => ({ place: `${path}:${index + 1}`, area, text }));
  });
}

/** The right column of the terms, what is left of it, and why. */
export const WORDS: readonly Word[] = [
  {
    term: "request failure",
    word: /\b[fF]aults?\b|Fault(?:s|ed)?\b/,
    reason:
      "Injected faults, of the samples and of tests: the standard term of fault injection. ARCHITECTURE.md says it of a mutation, CHANGELOG.md of a rejected header and of the name that is gone; docs/promises.md links a test of that name.",
    left: { docs: 6, test: 70, worker: 45 },
  },
  {
    term: "retry state",
    word: /\b[tT]roubled?s?\b/,
    reason:
      "Plain English for what a world of the simulation suffers, which is not a retry state; CHANGELOG.md names the field that is gone.",
    left: { docs: 1, test: 13 },
  },
  {
    term: "retention",
    word: /\bkeep(?:Plain|Pace)\b|\bKeep\b|\bkeep: \{/,
    reason: "CHANGELOG.md names the options that are gone.",
    left: { docs: 2 },
  },
  {
    term: "backoff, backoff until",
    word: /\bheldUntil\b|\bsilentSince\b|\b[hH]old: |withoutHold|inheritedHold/,
    reason:
      "Stored fields of a record keep their names: records of version 1 have them. In the worker a hold is a call that a client waits for.",
    left: { src: 20, test: 24, worker: 9 },
  },
  {
    term: "leader, follower, election, step down",
    word: /\breigns?\b|\boffice\b|\babdicat\w+|\bdepos(?:e|es|ed)\b|\bDEPOSED/,
    reason: "The name of a mutation of the simulation.",
    left: { test: 1 },
  },
  {
    term: "hand over, adopt, resume",
    word: /\b(?:give|gives|given|gave) away\b|\b(?:take|takes|taken|took|taking)s? up\b|\btake(?:s|n)?Up\b|\blets? go\b/,
    reason: 'In src, "takes up to 3 bytes". In tests, names of mutations of the simulation.',
    left: { src: 1, test: 3 },
  },
  {
    term: "publish, subscribe, apply, notify, report",
    word: /\b(?:[tT]ells?|[tT]old|[hH]ears?|[hH]eard)\b/,
    reason:
      'Texts for models, users and readers of an API, which "tell the user" and are "told"; the event "heard" of the protocol of tabs; stored or transmitted names (the table and state `told`, the wait ending "told", a key of the extension\'s storage); "tells apart". In tests, the same names, data of servers and names of invariants.',
    left: {
      docs: 4,
      bench: 2,
      extension: 1,
      proxy: 8,
      src: 9,
      test: 20,
      ui: 2,
      worker: 7,
    },
  },
  {
    term: "in flight",
    word: /\b(?:is|are|was|were) out\b(?! of)/,
    reason: "The name of a mutation of the simulation.",
    left: { test: 1 },
  },
  {
    term: "write result, outcome",
    word: /\bfates?\b|\b[A-Z][a-z]+Fate\b/,
    reason: "What a world of the simulation decides for a tab or a write: it is drawn before it happens.",
    left: { test: 52 },
  },
  {
    term: "unclaimed task",
    word: /\bstrays?\b|Stray/,
    reason: "Test data by this name: a record of an endpoint that the client lacks.",
    left: { test: 3 },
  },
  {
    term: "idempotent, safe to repeat",
    word: /\bharmless\b/,
    reason: "The name of a sample tool in tests and in the simulation, and plain English.",
    left: { test: 17 },
  },
  {
    term: "maximum concurrent polls",
    word: /\bpollsAtOnce\b|\bpolls at once\b/i,
    reason:
      "Figures of the benchmark that were published under this name; CHANGELOG.md names the option that is gone.",
    left: { docs: 1 },
  },
  {
    term: "status, wire status, leadership",
    word: /\bstandings?\b|\bStanding\b|\bstandingOf\b/,
    reason: "The function `standing` of the samples, which returns the moment that a task has reached.",
    left: { test: 2, worker: 15 },
  },
  {
    term: "view",
    word: /\bShownTask\b|\bTaskUpdate\b|\bTaskJson\b|\bTaskStanding\b/,
    reason: "CHANGELOG.md names the types that are gone.",
    left: { docs: 4 },
  },
  {
    term: "plain call",
    word: /\b(?:tool|tools|call|calls) that (?:is|are|was|were) no task\b/,
    reason: "None is left.",
    left: {},
  },
  {
    term: "(rule 4: negate the verb)",
    word: /\b(?:is|are|was) none\b|(?<![tT]here )\bis no (?:task|tool|JSON|object|news|word|failure|error|success)\b/,
    reason: 'In docs, "there are none". In a test, the id of a reply that the client refuses.',
    left: { docs: 2, test: 1 },
  },
  {
    term: "(rule 1: subject first)",
    word: /\b[wW]hoever\b/,
    reason: 'Plain English: "whoever reads only the last lines".',
    left: { test: 1 },
  },
];
