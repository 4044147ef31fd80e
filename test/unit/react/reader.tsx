import type { ReactElement } from "react";

/** A component that reads a hook, shows what it gave as text, and keeps each thing it gave, render by render. */
export function Reader<T>({
  read,
  text = () => "",
  seen,
}: {
  readonly read: () => T;
  readonly text?: (value: T) => string;
  readonly seen?: T[];
}): ReactElement {
  const value = read();
  seen?.push(value);
  return <p>{text(value)}</p>;
}
