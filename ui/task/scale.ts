/** Steps a person counts time in, in ms. */
const STEPS = [
  100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
  1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000,
];

/** Marks for a span of time, after its start: at most six, at even distances. */
export function marksOf(spanMs: number): readonly number[] {
  const step = STEPS.find((each) => spanMs / each <= 6) ?? Math.ceil(spanMs / 6 / 86_400_000) * 86_400_000;
  const marks: number[] = [];
  for (let at = 0; at <= spanMs; at += step) marks.push(at);
  return marks;
}
