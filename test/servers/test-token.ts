import { createHash } from "node:crypto";

/** Some principal's token. The demo's own may use the sample servers alone. */
const TOKEN = "token-of-tester";

export const BEARER = { authorization: `Bearer ${TOKEN}` } as const;

/** Its entry for the var TOKENS. */
export const TESTER = {
  principal: "tester",
  sha256: createHash("sha256").update(TOKEN).digest("hex"),
} as const;
