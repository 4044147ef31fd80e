import { Followed } from "../app/followed.ts";

const KEY = "holdfast-apps-of";

/** The names of the servers whose apps the person wants to see in this browser. */
export const allowedServers = new Followed<readonly string[]>(known(readStored()));

addEventListener("storage", ({ key, newValue }) => {
  if (key === KEY) allowedServers.set(known(newValue));
});

/** Shows the apps of a server from now on, or no longer: in all tabs. */
export function allowApps(server: string, isAllowed: boolean): void {
  const others = known(readStored(), allowedServers.get()).filter((name) => name !== server);
  const next = isAllowed ? [...others, server] : others;
  allowedServers.set(next);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Without storage the choice is this page's only.
  }
}

function readStored(): string | null | undefined {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return undefined;
  }
}

function known(stored: string | null | undefined, otherwise: readonly string[] = []): readonly string[] {
  try {
    const names: unknown = JSON.parse(stored ?? "");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : otherwise;
  } catch {
    return otherwise;
  }
}
