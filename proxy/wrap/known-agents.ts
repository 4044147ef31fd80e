import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where the configuration of an agent may lie, most likely first; undefined for an unknown agent. */
export function placesOf(
  agent: string,
  platform: string = process.platform,
  env: NodeJS.ProcessEnv = process.env,
  home: string = homedir(),
): readonly string[] | undefined {
  const roaming = env.APPDATA ?? join(home, "AppData", "Roaming");
  const config =
    platform === "darwin"
      ? join(home, "Library", "Application Support")
      : platform === "win32"
        ? roaming
        : (env.XDG_CONFIG_HOME ?? join(home, ".config"));
  switch (agent) {
    case "claude-desktop":
    case "cowork":
      return [
        join(config, "Claude", "claude_desktop_config.json"),
        ...(platform === "win32" ? storePackages(env, home) : []),
      ];
    case "cursor":
      return [join(home, ".cursor", "mcp.json")];
    case "vscode":
      return [join(config, "Code", "User", "mcp.json")];
    case "lm-studio":
      return [join(home, ".lmstudio", "mcp.json"), join(home, ".cache", "lm-studio", "mcp.json")];
    case "windsurf":
      return [join(home, ".codeium", "windsurf", "mcp_config.json")];
    default:
      return undefined;
  }
}

export const AGENTS: readonly string[] = ["claude-desktop", "cursor", "vscode", "lm-studio", "windsurf"];

/** Claude Desktop from the Microsoft Store has its files in a folder of its package. */
function storePackages(env: NodeJS.ProcessEnv, home: string): readonly string[] {
  const packages = join(env.LOCALAPPDATA ?? join(home, "AppData", "Local"), "Packages");
  try {
    return readdirSync(packages)
      .filter((name) => name.startsWith("Claude_"))
      .map((name) => join(packages, name, "LocalCache", "Roaming", "Claude", "claude_desktop_config.json"));
  } catch {
    return [];
  }
}
