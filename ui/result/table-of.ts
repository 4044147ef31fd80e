/** A table that some JSON is: a list of objects, or of lists, that have about the same members. */
export interface Table {
  /** Where it stands in the JSON: empty for the whole. */
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** The members of a row by column. A member that a row lacks is undefined. */
export type Row = readonly unknown[];

/** More columns than these are read better as a tree. */
const MOST_COLUMNS = 24;
/** The columns of a long list are those of its first rows. */
const LOOKED_AT = 200;
/** How much of a table must be filled for it to be one. */
const LEAST_FILLED = 0.5;
const MOST_TABLES = 8;

/** Returns the tables in a JSON value: the value itself, or the lists that are its members. */
export function tablesIn(value: unknown): readonly Table[] {
  const whole = tableOf(value, "");
  if (whole) return [whole];
  if (!isObject(value)) return [];
  return Object.entries(value)
    .slice(0, LOOKED_AT)
    .flatMap(([name, member]) => tableOf(member, name) ?? [])
    .slice(0, MOST_TABLES);
}

function tableOf(list: unknown, path: string): Table | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const looked: readonly unknown[] = list.slice(0, LOOKED_AT);
  if (looked.every(isObject)) {
    // One object alone is read better as a tree.
    if (list.length === 1) return undefined;
    const columns = [...new Set(looked.flatMap((row) => Object.keys(row)))];
    const filled = looked.reduce((sum: number, row) => sum + Object.keys(row).length, 0);
    if (columns.length === 0 || columns.length > MOST_COLUMNS) return undefined;
    if (filled < LEAST_FILLED * columns.length * looked.length) return undefined;
    const row = (item: unknown): Row =>
      columns.map((column) => (isObject(item) && Object.hasOwn(item, column) ? item[column] : undefined));
    return { path, columns, rows: list.map(row) };
  }
  const [first] = looked;
  const width = Array.isArray(first) ? first.length : 0;
  const isGrid =
    width > 1 && width <= MOST_COLUMNS && list.length > 1 && looked.every((row) => fits(row, width));
  if (!isGrid) return undefined;
  const columns = Array.from({ length: width }, (_, index) => String(index + 1));
  return { path, columns, rows: list.map((row: unknown) => (Array.isArray(row) ? row : [row])) };
}

function fits(row: unknown, width: number): boolean {
  return (
    Array.isArray(row) &&
    row.length === width &&
    row.every((cell) => typeof cell !== "object" || cell === null)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns the rows by one column: numbers by size, anything else as text. What lacks the column comes last. */
export function sortedRows(rows: readonly Row[], column: number, descending: boolean): readonly Row[] {
  const sign = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [a[column], b[column]];
    if (isMissing(left) || isMissing(right)) return Number(isMissing(left)) - Number(isMissing(right));
    if (typeof left === "number" && typeof right === "number") return sign * (left - right);
    return sign * cellText(left).localeCompare(cellText(right), undefined, { numeric: true });
  });
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

/** A cell in one line. */
export function cellText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** A table as comma-separated values (RFC 4180), for spreadsheets. */
export function csvOf({ columns, rows }: Table): string {
  const line = (cells: readonly unknown[]): string => cells.map(csvCell).join(",");
  return [line(columns), ...rows.map((row) => line(columns.map((_, index) => row[index])))].join("\r\n");
}

function csvCell(value: unknown): string {
  const text = cellText(value);
  // A spreadsheet would run a server's text that begins like a formula.
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
