import type { Section } from "./row.ts";

/** In the order in which they run and are printed. */
export const SECTIONS: readonly Section[] = [];
