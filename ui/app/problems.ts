import { Followed } from "./followed.ts";

/** What the page should say that belongs to no task and no form; the latest of it. */
export const problem = new Followed<string | undefined>(undefined);
