import type { ReactNode } from "react";

/** The address as the browser will go to it, if that is a place on the web: no script, no file, no data. */
export function webAddress(text: unknown): URL | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
}

export interface SafeLinkProps {
  readonly to: unknown;
  readonly children: ReactNode;
}

/** A link to the web that a server named. Anything else it named stays text. */
export function SafeLink({ to, children }: SafeLinkProps) {
  const url = webAddress(to);
  if (!url) return <span>{children}</span>;
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer" title={url.href}>
      {children}
    </a>
  );
}
