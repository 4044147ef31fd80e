export interface Paper {
  doi: string;
  title: string;
  pages: number;
  references: string[];
}

const METHODS = ["Slow", "Durable", "Distributed", "Adaptive", "Lossless", "Opportunistic"];
const SUBJECTS = ["Kelp Forests", "Tidal Pools", "Holdfasts", "Estuaries", "Reef Networks", "Drift"];
const SETTINGS = ["under Storm", "at the Edge", "across Restarts", "in Cold Water", "over Decades"];

/** The paper a DOI names. Made up, but the same every time, so that two runs can be compared. */
export function paperOf(doi: string): Paper {
  const next = sequenceFrom(doi);
  const title = `${pick(METHODS, next)} ${pick(SUBJECTS, next)} ${pick(SETTINGS, next)}`;
  const pages = 4 + (next() % 36);
  const references = Array.from(
    { length: 3 + (next() % 5) },
    () => `10.${1000 + (next() % 9000)}/${next().toString(36)}`,
  );
  return { doi, title, pages, references };
}

function pick(words: readonly string[], next: () => number): string {
  return words[next() % words.length] ?? "";
}

/** FNV-1a of the text as the seed of a xorshift sequence of 32-bit numbers. */
function sequenceFrom(text: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  }
  // Xorshift never leaves zero.
  state ||= 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
