import { readdirSync, readFileSync } from "node:fs";

/** Of the kernel, per second. */
const CLOCK_TICKS = 100;

export interface Running {
  readonly pid: number;
  /** Its process group. */
  readonly group: number;
}

/** The user and system time that the workerd processes chosen have used, in ms (proc(5), `stat`, fields 5, 14 and 15). */
export function cpuMsOfWorkerd(isMeant: (process: Running) => boolean): number {
  const ticks = readdirSync("/proc").map((pid) => {
    const stat = readOf(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (!stat.includes("(workerd)") || !isMeant({ pid: Number(pid), group: Number(fields[2]) })) return 0;
    return Number(fields[11]) + Number(fields[12]);
  });
  return (ticks.reduce((sum, used) => sum + used, 0) * 1_000) / CLOCK_TICKS;
}

/** Empty for a process that has ended meanwhile. */
function readOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
