import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

/** How long installing one package may take, in ms. */
const INSTALL_MS = 120_000;

/** The path of a server's command, which Debian's package has; installs the package if nothing fits. Undefined where it cannot be installed. */
export function debianCommand(pattern: string, packageName: string): string | undefined {
  const found = globSync(pattern).sort().at(-1);
  if (found || process.getuid?.() !== 0) return found;
  const { status } = spawnSync("apt-get", ["install", "-y", "-qq", packageName], {
    stdio: "ignore",
    timeout: INSTALL_MS,
  });
  if (status !== 0)
    console.log(`${packageName} is not installed, and apt-get could not install it: its tests are skipped`);
  return globSync(pattern).sort().at(-1);
}
