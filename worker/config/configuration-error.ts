/** Something the deployment was configured with cannot be used. Says where, and never what was written there. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  /** The var or secret. */
  readonly variable: string;
  /** Where in it, such as `papers.headers.authorization`; empty for the whole of it. */
  readonly path: string;

  constructor(variable: string, path: readonly PropertyKey[], reason: string) {
    const where = path.map(shown).join(".");
    super(`${variable}${where && ` at ${where}`}: ${reason}`);
    this.variable = variable;
    this.path = where;
  }
}

/** A key that is no name may be a secret that was put in the wrong place. */
function shown(key: PropertyKey): string {
  return /^[\w-]{1,64}$/.test(String(key)) ? String(key) : "(a key that is no name)";
}
