import type { z } from "zod";
import { ConfigurationError } from "./configuration-error.ts";

/**
 * A reader of one var: JSON as text, or as the table wrangler.toml makes of `[vars.NAME]`. It parses once for each env object.
 * @param absent What a missing or empty var means.
 */
export function jsonVar<T>(name: string, schema: z.ZodType<T>, absent: T): (env: object) => T {
  const parsed = new WeakMap<object, { readonly value: T }>();
  return (env) => {
    const known = parsed.get(env);
    if (known) return known.value;
    const value = parse(name, schema, absent, varOf(env, name));
    parsed.set(env, { value });
    return value;
  };
}

export function varOf(env: object, name: string): unknown {
  return Object.hasOwn(env, name) ? Reflect.get(env, name) : undefined;
}

function parse<T>(name: string, schema: z.ZodType<T>, absent: T, raw: unknown): T {
  if (raw === undefined || raw === null || raw === "") return absent;
  const result = schema.safeParse(typeof raw === "string" ? json(name, raw) : raw);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ConfigurationError(name, issue?.path ?? [], reasonOf(issue));
}

function json(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's own message quotes the text.
    throw new ConfigurationError(name, [], "is not JSON");
  }
}

/** Zod's messages quote keys in one case only, and values in none. */
function reasonOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === "unrecognized_keys") return "has a key that is not known";
  if (issue?.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  return issue?.message ?? "is not valid";
}
