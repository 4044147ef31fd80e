// Run before the tests: they drive a real Chromium, and a fresh machine has none.
import { spawnSync } from "node:child_process";
import { findChromium } from "./chromium.ts";

if (!findChromium()) {
  console.log("No Chromium found: installing Debian's");
  const prefix = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  for (const step of [
    ["apt-get", "update", "-qq"],
    ["apt-get", "install", "-y", "-qq", "chromium"],
  ]) {
    const [command = "", ...args] = [...prefix, ...step];
    const { status } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
    if (status !== 0)
      throw new Error(`${step.join(" ")} failed. Install Chromium, or set CHROMIUM_PATH to one`);
  }
}
console.log(`Chromium: ${findChromium()}`);
