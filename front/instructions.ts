/** What a server wants a model to know about it. */
export interface NamedInstructions {
  readonly name: string;
  readonly instructions: string | undefined;
}

/** One server's own instructions; of several, each under its server's name. Nothing if none has any. */
export function allInstructions(servers: readonly NamedInstructions[], several: boolean): string | undefined {
  const said = servers.flatMap(({ name, instructions }) =>
    instructions ? [several ? `## ${name}\n\n${instructions}` : instructions] : [],
  );
  return said.length > 0 ? said.join("\n\n") : undefined;
}
