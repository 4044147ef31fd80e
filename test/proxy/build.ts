import { execFileSync } from "node:child_process";
import { ROOT } from "../bundle/package-build.ts";

/** The command as the sources are now: whatever lies in dist/ may be older. */
export default function build(): void {
  execFileSync(process.execPath, ["proxy/build.ts"], { cwd: ROOT, stdio: "inherit" });
}
