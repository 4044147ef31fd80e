/** Says which patterns of a schema nobody looked at here. */
export function Unchecked({ patterns }: { readonly patterns: readonly string[] }) {
  if (patterns.length === 0) return null;
  return (
    <p className="quiet">
      Not checked here, because checking could take too long:{" "}
      {patterns.slice(0, 5).map((pattern) => (
        <bdi key={pattern} className="mono unchecked-pattern">
          {pattern.slice(0, 80)}{" "}
        </bdi>
      ))}
    </p>
  );
}
