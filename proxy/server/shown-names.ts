/** A tool or prompt by its server and the server's own name for it. */
export interface Origin {
  readonly server: string;
  readonly name: string;
}

/**
 * The name that the agent sees of each: the server's own, and with the server's name before it where two servers or a
 * companion tool have the same. The same origins get the same names.
 */
export function shownNames(origins: readonly Origin[], reserved: readonly string[]): readonly string[] {
  const count = new Map<string, number>();
  for (const { name } of origins) count.set(name, (count.get(name) ?? 0) + 1);
  const meets = ({ name }: Origin): boolean => reserved.includes(name) || (count.get(name) ?? 0) > 1;
  const taken = new Set([...reserved, ...origins.filter((origin) => !meets(origin)).map(({ name }) => name)]);
  return origins.map((origin) => {
    if (!meets(origin)) return origin.name;
    let shown = `${origin.server}_${origin.name}`;
    while (taken.has(shown)) shown = `${origin.server}_${shown}`;
    taken.add(shown);
    return shown;
  });
}
