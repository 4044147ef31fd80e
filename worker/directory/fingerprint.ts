import { sha256 } from "../http/digest.ts";

/** Each byte's two digits. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Names a JSON value: equal values have equal names, whatever the order of their keys. Lower-case hex of a SHA-256. */
export async function fingerprint(value: unknown): Promise<string> {
  let name = "";
  for (const byte of await sha256(canonical(value))) name += HEX[byte];
  return name;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`);
  return `{${fields.join(",")}}`;
}
