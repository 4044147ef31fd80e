import { useState } from "react";

/** How many members of a list or object are shown before they are asked for. */
const PAGE = 100;
const LONGEST_TEXT = 2_000;
/** What lies deeper is closed at first. */
const OPEN_DEPTH = 2;

export interface JsonTreeProps {
  readonly value: unknown;
  readonly label: string;
  /** Nothing of it is open at first. */
  readonly closed?: boolean;
}

/** Any JSON, to be opened step by step: what is closed costs nothing, however long or deep it is. */
export function JsonTree({ value, label, closed = false }: JsonTreeProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups controls, and this groups data.
    <div className="json-tree" role="group" aria-label={label}>
      <Node value={value} depth={closed ? OPEN_DEPTH : 0} />
    </div>
  );
}

function Node({
  name,
  value,
  depth,
}: {
  readonly name?: string;
  readonly value: unknown;
  readonly depth: number;
}) {
  const [open, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, setShown] = useState(PAGE);
  const key = name === undefined ? null : <span className="json-key">{JSON.stringify(name)}: </span>;
  if (typeof value !== "object" || value === null)
    return (
      <div className="json-line">
        {key}
        <Leaf value={value} />
      </div>
    );
  const list = Array.isArray(value);
  const members: readonly (readonly [string, unknown])[] = Object.entries(value);
  const [left, right] = list ? "[]" : "{}";
  if (members.length === 0)
    return (
      <div className="json-line">
        {key}
        {left}
        {right}
      </div>
    );
  return (
    <div className="json-line">
      <button
        type="button"
        className="json-toggle"
        aria-expanded={open}
        aria-label={`${open ? "Close" : "Open"} ${name ?? "the whole"}`}
        onClick={() => setOpen(!open)}
      >
        {open ? "▾" : "▸"}
      </button>
      {key}
      {open ? (
        <>
          {left}
          <div className="json-members">
            {members.slice(0, shown).map(([member, inner]) => (
              <Node key={member} {...(!list && { name: member })} value={inner} depth={depth + 1} />
            ))}
            {members.length > shown && (
              <button type="button" className="json-more" onClick={() => setShown(shown + 10 * PAGE)}>
                {members.length - shown} more…
              </button>
            )}
          </div>
          {right}
        </>
      ) : (
        <span className="quiet">
          {left}
          {list ? `${members.length} items` : `${members.length} fields`}
          {right}
        </span>
      )}
    </div>
  );
}

function Leaf({ value }: { readonly value: unknown }) {
  const [whole, setWhole] = useState(false);
  const text = JSON.stringify(value) ?? "null";
  const cut = text.length > LONGEST_TEXT && !whole;
  return (
    <>
      <bdi className={`json-${value === null ? "null" : typeof value}`}>
        {cut ? `${text.slice(0, LONGEST_TEXT)}…` : text}
      </bdi>
      {cut && text.length < 200_000 && (
        <button type="button" className="json-more" onClick={() => setWhole(true)}>
          all {text.length} characters
        </button>
      )}
    </>
  );
}
