/**
 * A model that needs a paper which takes its server 90 s: `node test/demo/agent-demo.ts`, or
 * `npm run demo:agent -- --seconds 300 --pace 60`. It needs no network and no key. While everything
 * only waits, its clock runs `--pace` times as fast (30; 1 is real time).
 */
import { parseArgs } from "node:util";
import { type Entry, play } from "./play.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "90" }, pace: { type: "string", default: "30" } },
});
const [seconds, pace] = [Number(values.seconds), Number(values.pace)];
if (!(seconds > 0) || !(pace >= 1)) {
  console.error("--seconds must be more than 0, and --pace at least 1");
  process.exit(2);
}

const realBegin = performance.now();
console.log(`A paper that takes its server ${seconds} s; waiting is ${pace} times as fast as real time.\n`);
const { acquisitions } = await play({ durationMs: seconds * 1_000, pace }, (entry) =>
  console.log(lineOf(entry)),
);
const real = ((performance.now() - realBegin) / 1_000).toFixed(1);
console.log(
  `\nAcquired ${acquisitions} time${acquisitions === 1 ? "" : "s"}. Ended after ${real} s of real time.`,
);

function lineOf({ at, who, text, tool, tookMs }: Entry): string {
  const time = `${(at / 1_000).toFixed(2).padStart(7)} s`;
  const from = who === "model" ? "model" : `${tool}, after ${((tookMs ?? 0) / 1_000).toFixed(2)} s`;
  const lines = text.split("\n");
  return [`${time}  ${from}`, ...lines.map((line) => `           ${line}`)].join("\n");
}
