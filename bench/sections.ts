import type { Section } from "./row.ts";
import { browserScale } from "./rows/browser-scale/section.ts";
import { bytes } from "./rows/bytes/section.ts";
import { delay } from "./rows/delay/section.ts";
import { durableObject } from "./rows/durable-object/section.ts";
import { gateway } from "./rows/gateway/section.ts";
import { objectMemory } from "./rows/object-memory/section.ts";
import { resumeRequests } from "./rows/resume-requests/section.ts";
import { scale } from "./rows/scale/section.ts";
import { selfHosted } from "./rows/self-hosted/section.ts";
import { startUp } from "./rows/start-up/section.ts";
import { wire } from "./rows/wire/section.ts";

/** In the order in which they run and are printed. */
export const SECTIONS: readonly Section[] = [
  bytes,
  wire,
  resumeRequests,
  scale,
  delay,
  startUp,
  browserScale,
  durableObject,
  objectMemory,
  gateway,
  selfHosted,
];
