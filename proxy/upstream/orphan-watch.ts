import { type ChildProcess, spawn } from "node:child_process";

/**
 * Its standard input is a pipe that only we hold, and `read` ends with it. The numbers are arguments: nothing of the user's is
 * read by this shell.
 */
const WATCH =
  'read -r end; [ "$2" = 0 ] || { kill -TERM "-$1" 2>/dev/null || exit 0; sleep "$2"; }; kill -KILL "-$1" 2>/dev/null';

/**
 * Ends a process group when this process is gone, even after SIGKILL. POSIX only.
 * @param graceS How long the group has between SIGTERM and SIGKILL, in seconds. At 0 it gets SIGKILL at once.
 * @returns The watching process. Kill it when the group has ended.
 */
export function watchOver(group: number, graceS: number): ChildProcess {
  const watch = spawn("/bin/sh", ["-c", WATCH, "holdfast-watch", `${group}`, `${graceS}`], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watch.on("error", () => undefined);
  watch.unref();
  (watch.stdin as unknown as { unref(): void } | null)?.unref();
  return watch;
}
