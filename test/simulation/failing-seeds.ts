import type { Seed } from "./batch.ts";

/** Plain worlds that once broke a promise, by seed. A change of the model makes other worlds of them: they are kept all the same. */
const PLAIN: readonly number[] = [
  565, 7107566, 7109551, 7141493, 7141977, 7151829, 7152356, 7184584, 7186690, 7187132, 7654027, 7041212,
  7041373, 7101352, 7101395, 986355962, 986356832, 986357555, 95981738502, 41904924, 225860277, 66988060,
  66988529, 990100704, 990047226, 990475675, 990959245, 990474919, 991443868, 991444416, 992899443, 992900229,
  992895864,
];

/** The same of worlds in which tabs contend for the lead. */
const CONTENDED: readonly number[] = [
  1, 22, 46, 73, 201, 342, 371, 1042, 7111159, 7131119, 8205960, 8206466, 8210449, 8216194, 8228855, 8233380,
  8233558, 8241037, 8259437, 8259843, 982964198, 982964271, 982964382, 982964497, 982965321, 983900139,
  984425447, 95981195063, 95981195393, 986552402, 986554033, 986556779, 986557368, 986557601, 990472288,
  990957113,
];

/** Every seed that ever failed: the gate runs them all. */
export const FAILING_SEEDS: readonly Seed[] = [
  ...PLAIN.map((seed) => ({ seed, contended: false })),
  ...CONTENDED.map((seed) => ({ seed, contended: true })),
];
