import { COMPANION_NAMES } from "./companions.ts";

/**
 * The companion tools have the names that running results contain. A tool of the server that has the same name is
 * listed with its endpoint's name before it.
 */
export function shownNames(endpoint: string, tools: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set([...tools, ...COMPANION_NAMES]);
  const shown = new Map<string, string>();
  for (const tool of tools) {
    if (!COMPANION_NAMES.includes(tool)) {
      shown.set(tool, tool);
      continue;
    }
    let name = `${endpoint}_${tool}`;
    while (taken.has(name)) name = `${endpoint}_${name}`;
    taken.add(name);
    shown.set(tool, name);
  }
  return shown;
}

/** Whether a name may be one that was made here: else the server's tools need not be asked for. */
export function mayBeMade(endpoint: string, shown: string): boolean {
  return COMPANION_NAMES.some((name) => shown.endsWith(`${endpoint}_${name}`));
}
