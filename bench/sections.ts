import type { Section } from "./row.ts";
import { bytes } from "./rows/bytes/section.ts";
import { resumeRequests } from "./rows/resume-requests/section.ts";
import { scale } from "./rows/scale/section.ts";
import { wire } from "./rows/wire/section.ts";

/** In the order in which they run and are printed. */
export const SECTIONS: readonly Section[] = [bytes, wire, resumeRequests, scale];
