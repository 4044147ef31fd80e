import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const PAGE = join(import.meta.dirname, "../../docs/platforms.md");
/** A subject of which the page has a table. */
export type PlatformSubject = "connectors" | "conformance";

/** What a run showed of one place. */
export interface PlatformRow {
  readonly place: string;
  readonly version: string;
  /** How many passed, a number for each column of figures. */
  readonly passed: readonly number[];
}

/**
 * Writes a table of docs/platforms.md, where PLATFORMS=write asks for it.
 * @param figures The heads of the columns of figures.
 */
export async function writePlatforms(
  subject: PlatformSubject,
  figures: readonly string[],
  rows: readonly PlatformRow[],
): Promise<void> {
  if (process.env.PLATFORMS !== "write" || rows.length === 0) return;
  const day = new Date().toISOString().slice(0, 10);
  const line = (cells: readonly unknown[]): string => `| ${cells.join(" | ")} |`;
  const head = ["where", "version", ...figures, "on"];
  const lines = rows.map(({ place, version, passed }) => line([place, version, ...passed, day]));
  const table = [line(head), `|${"---|".repeat(head.length)}`, ...lines].join("\n");
  const place = new RegExp(
    `(<!-- ${subject}, written by npm run test:everywhere -->\\n).*?(<!-- end -->)`,
    "s",
  );
  const page = await readFile(PAGE, "utf8");
  await writeFile(
    PAGE,
    page.replace(place, (_all, begin, end) => `${begin}\n${table}\n\n${end}`),
  );
}
