/**
 * Replaces `${NAME}`, and `${NAME:-default}` as some agents write it, by the environment's value: a secret need not stand among the
 * arguments, which every process of the computer can read. Throws for a name that is not set.
 */
export function expanded(text: string, env: NodeJS.ProcessEnv): string {
  return text.replaceAll(
    /\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^}]*))?\}/g,
    (_whole, name: string, other?: string) => {
      const value = other === undefined ? env[name] : env[name] || other;
      if (value === undefined) throw new ConfigurationError(`The environment variable ${name} is not set`);
      return value;
    },
  );
}

/** The user can correct this: the message says how. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}
