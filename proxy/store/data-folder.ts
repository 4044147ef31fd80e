import { homedir } from "node:os";
import { join } from "node:path";

/** Where Holdfast keeps its files: the platform's folder for data of one user, or `HOLDFAST_DATA`. */
export function dataFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): string {
  if (env.HOLDFAST_DATA) return env.HOLDFAST_DATA;
  const home = homedir();
  switch (platform) {
    case "darwin":
      return join(home, "Library", "Application Support", "holdfast");
    case "win32":
      return join(env.LOCALAPPDATA ?? join(home, "AppData", "Local"), "holdfast");
    default:
      return join(env.XDG_DATA_HOME ?? join(home, ".local", "share"), "holdfast");
  }
}
