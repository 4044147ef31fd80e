import { percentDecoded } from "../../ui/app/percent-decoded.ts";

/** Runs in the page, and so knows nothing outside itself: what there may name the DOI, the surest first. */
export function doiHints(): string[] {
  const names = [
    "citation_doi",
    "bepress_citation_doi",
    "prism.doi",
    "dc.identifier",
    "dc.identifier.doi",
    "doi",
  ];
  const found: string[] = [];
  for (const name of names) {
    for (const meta of document.querySelectorAll("meta[content]")) {
      const named = meta.getAttribute("name") ?? meta.getAttribute("property") ?? "";
      if (named.toLowerCase() === name) found.push((meta.getAttribute("content") ?? "").slice(0, 2_000));
      if (found.length >= 20) return found;
    }
  }
  const canonical = document.querySelector("link[rel=canonical]")?.getAttribute("href");
  return canonical ? [...found, canonical] : found;
}

/** Of a DOI, after its registrant, whatever a browser's address may hold but what ends it there. */
const DOI = /\b10\.\d{4,9}\/[^\s"'<>?#&]{1,500}/i;
/** A hint is text of a page's own choosing, and looked at only so far, in characters. */
const LONGEST_HINT = 2_000;

/** The first DOI that the hints name, without what commonly stands around one. */
export function doiAmong(hints: readonly string[]): string | undefined {
  for (const hint of hints) {
    const found = DOI.exec(percentDecoded(hint.slice(0, LONGEST_HINT)))?.[0].replace(/[.,;:)\]}]+$/, "");
    if (found !== undefined) return found.replace(/\/(abstract|full|fulltext|pdf|epdf|meta)$/i, "");
  }
  return undefined;
}
