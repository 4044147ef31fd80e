import { textHash } from "./text-hash.ts";

/** What a model's APIs take as the name of a tool. */
const UNFIT = /[^a-zA-Z0-9_-]/g;
const LONGEST = 64;

/** A tool by the names of its endpoint and of its server. */
export interface ToolOrigin {
  readonly endpoint: string;
  readonly tool: string;
}

/** `when-needed`: only where two names meet, and then on all that do. `always`: a name never depends on other tools. */
export type EndpointPrefix = "when-needed" | "always";

/** How a name is made: as the server has it, with its endpoint before it, with a number that stands for both. */
const PLAIN = 0;
const PREFIXED = 1;
const NUMBERED = 2;

/**
 * A name for each tool, in the order given: of `[a-zA-Z0-9_-]`, 64 characters at most, each once, none
 * `reserved`. The same tools get the same names, whatever their order.
 * @example
 * const origins = [
 *   { endpoint: "papers", tool: "search" },
 *   { endpoint: "files", tool: "search" },
 * ];
 * toolNames(origins, "when-needed", []); // ["papers_search", "files_search"]
 */
export function toolNames(
  origins: readonly ToolOrigin[],
  prefix: EndpointPrefix,
  reserved: readonly string[],
): readonly string[] {
  const manners: number[] = origins.map(() => (prefix === "always" ? PREFIXED : PLAIN));
  const names = (): string[] => origins.map((origin, index) => nameOf(origin, manners[index] ?? PLAIN));
  for (;;) {
    const current = names();
    // Counted once a round: a server may list thousands of tools.
    const uses = new Map<string, number>();
    for (const name of [...reserved, ...current]) uses.set(name, (uses.get(name) ?? 0) + 1);
    const raised = manners.map((manner, index) =>
      (uses.get(current[index] ?? "") ?? 0) > 1 ? Math.min(manner + 1, NUMBERED) : manner,
    );
    if (raised.every((manner, index) => manner === manners[index])) return apart(current, origins, reserved);
    manners.splice(0, manners.length, ...raised);
  }
}

function nameOf({ endpoint, tool }: ToolOrigin, manner: number): string {
  const whole = manner === PLAIN ? tool : `${endpoint}_${tool}`;
  const name = whole.replace(UNFIT, "_") || "tool";
  if (manner !== NUMBERED && name.length <= LONGEST) return name;
  const number = textHash(JSON.stringify([endpoint, tool]));
  return `${name.slice(0, LONGEST - number.length - 1)}_${number}`;
}

/** Should even the numbers meet, they are counted. */
function apart(
  names: readonly string[],
  origins: readonly ToolOrigin[],
  reserved: readonly string[],
): readonly string[] {
  const taken = new Set(reserved);
  const given = new Map<number, string>();
  /** From where on a number may be free for a name: thousands of tools may be made to meet. */
  const counts = new Map<string, number>();
  const inOrder = [...origins.keys()].sort((a, b) => compare(originKey(origins[a]), originKey(origins[b])));
  for (const index of inOrder) {
    const name = names[index] ?? "tool";
    let free = name;
    for (let count = counts.get(name) ?? 2; taken.has(free); count++) {
      free = `${name.slice(0, LONGEST - 1 - String(count).length)}_${count}`;
      counts.set(name, count + 1);
    }
    taken.add(free);
    given.set(index, free);
  }
  return names.map((name, index) => given.get(index) ?? name);
}

function originKey(origin: ToolOrigin | undefined): string {
  return JSON.stringify([origin?.endpoint, origin?.tool]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
