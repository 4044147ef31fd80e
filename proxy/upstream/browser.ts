import { spawn } from "node:child_process";

/** Opens an address in the user's browser. Without one nothing happens: the address is on stderr too. */
export function openInBrowser(url: URL): void {
  // Anything else could start a program.
  if (url.protocol !== "https:" && url.protocol !== "http:") return;
  const [command, ...args] = launcher();
  const child = spawn(command, [...args, url.href], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}

function launcher(): readonly [string, ...string[]] {
  switch (process.platform) {
    case "darwin":
      return ["open"];
    case "win32":
      return ["rundll32", "url.dll,FileProtocolHandler"];
    default:
      return ["xdg-open"];
  }
}
