/** A header that authenticates the page at a server, such as `Authorization: Bearer …`. */
export interface HeaderSecret {
  readonly name: string;
  readonly value: string;
}

const key = (server: string): string => `holdfast-header ${server}`;

/** Kept for this tab alone, and gone with it: nothing that opens a server is written to disk. */
export function keepHeader(server: string, secret: HeaderSecret): void {
  sessionStorage.setItem(key(server), JSON.stringify(secret));
}

export function keptHeader(server: string): HeaderSecret | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key(server)) ?? "null") as Partial<HeaderSecret> | null;
    return typeof kept?.name === "string" && typeof kept.value === "string"
      ? { name: kept.name, value: kept.value }
      : undefined;
  } catch {
    return undefined;
  }
}

export function dropHeader(server: string): void {
  sessionStorage.removeItem(key(server));
}

/** Why a header cannot be sent, if it cannot: `fetch` would only say that it failed. */
export function headerProblem({ name, value }: HeaderSecret): string | undefined {
  if (value.trim() === "") return "The header needs a value";
  try {
    new Headers([[name, value]]);
    return undefined;
  } catch {
    return "A page cannot send this header. Use a name of letters, digits and hyphens, and a value in Latin-1 without line breaks";
  }
}
