import type { Point } from "./row.ts";

/** What is measured, and how to take one sample of it. */
export interface Measured {
  readonly subject: string;
  readonly x?: number;
  sample(): Promise<number>;
}

/**
 * Takes `rounds` samples of each, A, B, A, B …, so that what else the machine does meanwhile meets all alike. One sample of
 * each beforehand is thrown away: the first pays for compiling.
 */
export async function interleaved(rounds: number, measured: readonly Measured[]): Promise<readonly Point[]> {
  const taken = measured.map(({ subject, x }) => ({
    subject,
    ...(x === undefined ? {} : { x }),
    samples: [] as number[],
  }));
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { sample }] of measured.entries()) {
      const value = await sample();
      if (round > 0) taken[index]?.samples.push(value);
    }
  }
  return taken;
}
