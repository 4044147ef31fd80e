import { ConfigurationError } from "./configuration-error.ts";
import { varOf } from "./json-var.ts";

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * The text with each `${NAME}` replaced by the secret of that name. What a secret holds is not looked at again.
 * @param path Where in the var the text is written, for the error.
 */
export function withSecrets(
  env: object,
  text: string,
  path: readonly string[],
  variable = "ENDPOINTS",
): string {
  if (text.replace(REFERENCE, "").includes("${"))
    throw new ConfigurationError(variable, path, "has a $ and a brace that name no secret");
  return text.replace(REFERENCE, (_, name: string) => {
    const secret = varOf(env, name);
    if (typeof secret !== "string" || secret === "")
      throw new ConfigurationError(variable, path, `needs the secret ${name}, which is not set`);
    return secret;
  });
}

/** The secrets a text refers to. Those that are not set are left out. */
export function secretsIn(env: object, text: string): readonly string[] {
  return [...text.matchAll(REFERENCE)]
    .map(([, name = ""]) => varOf(env, name))
    .filter((secret) => typeof secret === "string");
}
