import { test } from "vitest";
import { fromUrl } from "../../src/channel/http.ts";
import { expectNothingLost } from "./bad-network.ts";

const SEED = process.env.SEED ?? String(Math.floor(Math.random() * 1e9));
/** `npm run test:all` runs 1,000. */
const TASKS = 100;

test(
  `100 tasks of server-everything over a network that cuts, stalls, duplicates and reorders: each has its result, each tool ran once (SEED=${SEED})`,
  {
    timeout: 300_000,
  },
  () => expectNothingLost((url) => fromUrl(url), TASKS, SEED),
);
