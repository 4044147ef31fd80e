/** What acquire_paper says while it runs: a moment in a task's life is one of these. */
export const STAGES: readonly string[] = [
  "Resolving",
  "Downloading the PDF",
  "Parsing pages",
  "Extracting references",
];

/** A moment picked anew in each run; it is in the test's name, so that a failure can be played again. */
export function randomStage(): string {
  const forced = process.env.HOLDFAST_STAGE;
  if (forced) return forced;
  return STAGES[Math.floor(Math.random() * STAGES.length)] ?? "Resolving";
}
