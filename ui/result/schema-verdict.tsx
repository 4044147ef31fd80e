import { useMemo } from "react";
import { checkAgainst } from "../form/schema-problems.ts";
import { Unchecked } from "../form/unchecked.tsx";

export interface SchemaVerdictProps {
  readonly schema: unknown;
  readonly value: unknown;
}

/** Whether structured content is what the tool said it would be. */
export function SchemaVerdict({ schema, value }: SchemaVerdictProps) {
  const check = useMemo(() => checkAgainst(schema, value), [schema, value]);
  if (check.kind === "unusable")
    return <p className="quiet">Not checked: the tool's output schema cannot be used. {check.message}</p>;
  if (check.problems.length === 0)
    return (
      <>
        <p className="fits">✓ Fits the tool's output schema</p>
        <Unchecked patterns={check.unchecked} />
      </>
    );
  return (
    <div className="misfits" role="note">
      <p>✗ Does not fit the tool's output schema. The server's tool does not keep to what it declares:</p>
      <ul>
        {check.problems.slice(0, 20).map(({ path, keyword, message }) => (
          <li key={`${path.join("/")} ${keyword} ${message}`}>
            <bdi className="mono">{path.join(".") || "the whole"}</bdi> {message}
          </li>
        ))}
      </ul>
    </div>
  );
}
