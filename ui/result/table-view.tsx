import { useMemo, useState } from "react";
import { inFileName } from "../app/save-file.ts";
import { DownloadButton } from "./download-button.tsx";
import { JsonTree } from "./json-tree.tsx";
import { cellText, csvOf, type Row, sortedRows, type Table } from "./table-of.ts";

/** How many rows are drawn before more are asked for, and how much of a cell. */
const PAGE = 100;
const LONGEST_CELL = 300;

interface Order {
  readonly column: number;
  readonly descending: boolean;
}

/** A table with its rows in the server's order, or by a column that the reader chooses. */
export function TableView({ table }: { readonly table: Table }) {
  const { path, columns, rows } = table;
  const [order, setOrder] = useState<Order>();
  const [shown, setShown] = useState(PAGE);
  const sorted = useMemo(
    () => (order ? sortedRows(rows, order.column, order.descending) : rows),
    [rows, order],
  );
  const name = path === "" ? "Table" : path;
  const turn = (column: number): void => {
    if (order?.column !== column) return setOrder({ column, descending: false });
    setOrder(order.descending ? undefined : { column, descending: true });
  };
  return (
    <div className="result-table">
      <div className="table-caption">
        <span className="quiet">
          {path !== "" && (
            <>
              <bdi className="mono">{path}</bdi>,{" "}
            </>
          )}
          {rows.length === 1 ? "1 row" : `${rows.length.toLocaleString("en")} rows`}
        </span>
        <DownloadButton
          what={`${name} as CSV`}
          word="CSV"
          fileName={`${inFileName(name)}.csv`}
          blob={() => new Blob([csvOf(table)], { type: "text/csv" })}
        />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
      <section className="table-scroller" aria-label={name} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th
                  key={column}
                  scope="col"
                  data-kind={typeof rows[0]?.[index]}
                  aria-sort={sortOf(order, index)}
                >
                  <button type="button" onClick={() => turn(index)}>
                    <bdi>{column}</bdi>
                    <span aria-hidden="true">{arrowOf(order, index)}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, shown).map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a result never changes, and its rows have no names.
              <Cells key={index} row={row} columns={columns} />
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > shown && (
        <button type="button" className="json-more" onClick={() => setShown(shown + 10 * PAGE)}>
          {rows.length - shown} more rows…
        </button>
      )}
    </div>
  );
}

function Cells({ row, columns }: { readonly row: Row; readonly columns: readonly string[] }) {
  return (
    <tr>
      {columns.map((column, index) => (
        <td key={column} data-kind={typeof row[index]}>
          <Cell value={row[index]} label={column} />
        </td>
      ))}
    </tr>
  );
}

function Cell({ value, label }: { readonly value: unknown; readonly label: string }) {
  if (typeof value === "object" && value !== null) return <JsonTree value={value} label={label} closed />;
  const text = cellText(value);
  if (text.length <= LONGEST_CELL) return <bdi>{text}</bdi>;
  return <bdi title={text.slice(0, 10 * LONGEST_CELL)}>{text.slice(0, LONGEST_CELL)}…</bdi>;
}

function sortOf(order: Order | undefined, column: number): "ascending" | "descending" | "none" {
  if (order?.column !== column) return "none";
  return order.descending ? "descending" : "ascending";
}

function arrowOf(order: Order | undefined, column: number): string {
  if (order?.column !== column) return "";
  return order.descending ? " ↓" : " ↑";
}
