import { test } from "vitest";
import { fromUrl } from "../../src/channel/http.ts";
import { expectNothingLost } from "../sdk/bad-network.ts";

const SEED = process.env.SEED ?? String(Math.floor(Math.random() * 1e9));
const TASKS = 1_000;

test(
  `1,000 tasks of server-everything over a network that cuts, stalls, duplicates and reorders: nothing is lost (SEED=${SEED})`,
  {
    timeout: 1_800_000,
  },
  () => expectNothingLost((url) => fromUrl(url), TASKS, SEED),
);
