import { readFileSync } from "node:fs";

/**
 * The memory of processes, in MB. `Rss` counts every page, also those of Node's program file, which a server that runs in
 * Node has in memory anyway. `Pss` divides a shared page among its users. `Private` is what is free once they end.
 */
export interface Memory {
  readonly Rss: number;
  readonly Pss: number;
  readonly Private: number;
}

/**
 * The memory of a process and of those it started. Linux only.
 * @param except Processes whose command line contains this text are left out, with those they started.
 */
export function memoryOf(pid: number, except: string): Memory {
  const sums = { Rss: 0, Pss: 0, Private: 0 };
  for (const one of processes(pid, except)) {
    const rollup = readFileSync(`/proc/${one}/smaps_rollup`, "utf8");
    for (const [, name = "", kilobytes] of rollup.matchAll(/^(Rss|Pss|Private)(?:_Clean|_Dirty)?: +(\d+)/gm))
      sums[name as keyof Memory] += Number(kilobytes) / 1024;
  }
  return sums;
}

function processes(pid: number, except: string): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  const own = children
    .map(Number)
    .filter((child) => !readFileSync(`/proc/${child}/cmdline`, "utf8").includes(except));
  return [pid, ...own.flatMap((child) => processes(child, except))];
}
