import type { Point } from "./row.ts";

/** The value below which the share `q` of the samples lies, between neighbours in proportion. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/**
 * How a cost grows: cost ~ x^exponent, by least squares on the logarithms of the medians, over the upper half of the places:
 * what a cost begins with, such as a handshake, hides below how it goes on.
 */
export interface Growth {
  readonly exponent: number;
  readonly name: "constant" | "less than linear" | "linear" | "worse than linear";
}

/** `undefined` where there are not two places to draw a line through. */
export function growth(points: readonly Point[]): Growth | undefined {
  const all = points.flatMap(({ x, samples }) => {
    const y = median(samples);
    return x !== undefined && x > 0 && y > 0 ? [{ x: Math.log(x), y: Math.log(y) }] : [];
  });
  const places = all.sort((a, b) => a.x - b.x).slice(-Math.max(2, Math.ceil(all.length / 2)));
  const meanX = mean(places.map(({ x }) => x));
  const meanY = mean(places.map(({ y }) => y));
  const spread = places.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (places.length < 2 || spread === 0) return undefined;
  const exponent = places.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
  return { exponent, name: growthName(exponent) };
}

function growthName(exponent: number): Growth["name"] {
  if (exponent < 0.15) return "constant";
  if (exponent < 0.85) return "less than linear";
  return exponent <= 1.15 ? "linear" : "worse than linear";
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
