import { revision2025 } from "../protocol/revision-2025-11-25.ts";
import { revision2026 } from "../protocol/revision-2026-07-28.ts";
import { ASKING } from "../runtime/asking.ts";
import { RECOVERING } from "../runtime/lost-calls.ts";
import type { Parts } from "../runtime/parts.ts";

/** Every part that has nothing to do with where the client runs. */
export const everything: Parts = {
  protocols: { "2025-11-25": revision2025, "2026-07-28": revision2026 },
  questions: ASKING,
  recovery: RECOVERING,
};
