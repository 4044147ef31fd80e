import { percentDecoded } from "../app/percent-decoded.ts";

/** What a reference within the same schema leads to, or undefined. */
export function referredTo(ref: unknown, root: object): unknown {
  if (typeof ref !== "string" || !ref.startsWith("#")) return undefined;
  let found: unknown = root;
  for (const step of ref.split("/").slice(1)) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as { readonly [key: string]: unknown })[
      percentDecoded(step).replaceAll("~1", "/").replaceAll("~0", "~")
    ];
  }
  return found;
}
