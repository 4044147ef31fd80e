import { type ReactNode, useMemo, useState } from "react";
import { Segments } from "../controls/choice.tsx";
import { JsonTree } from "./json-tree.tsx";
import { tablesIn } from "./table-of.ts";
import { TableView } from "./table-view.tsx";

export interface JsonViewProps {
  readonly value: unknown;
  readonly label: string;
  /** The text that it was read from, to look at as it came. */
  readonly plain?: ReactNode;
}

/** JSON as the tables it has, as a tree, or as the text it came in. */
export function JsonView({ value, label, plain }: JsonViewProps) {
  const tables = useMemo(() => tablesIn(value), [value]);
  const modes = [
    ...(tables.length > 0 ? [{ value: "table", label: tables.length === 1 ? "Table" : "Tables" }] : []),
    { value: "tree", label: "JSON" },
    ...(plain === undefined ? [] : [{ value: "plain", label: "Plain" }]),
  ];
  const [mode, setMode] = useState(modes[0]?.value ?? "tree");
  const tree = <JsonTree value={value} label={label} />;
  if (modes.length === 1) return tree;
  return (
    <div className="text-block">
      <Segments aria-label={`Show ${label} as`} value={mode} onChange={setMode} data={modes} />
      {mode === "plain" ? (
        plain
      ) : mode === "tree" ? (
        tree
      ) : (
        <>
          {tables.map((table) => (
            <TableView key={table.path} table={table} />
          ))}
          <Rest value={value} shown={tables.map(({ path }) => path)} />
        </>
      )}
    </div>
  );
}

/** What an object has beside its tables. */
function Rest({ value, shown }: { readonly value: unknown; readonly shown: readonly string[] }) {
  if (shown.includes("")) return null;
  const rest = Object.entries(Object(value)).filter(([name]) => !shown.includes(name));
  return rest.length === 0 ? null : <JsonTree value={Object.fromEntries(rest)} label="The other members" />;
}
