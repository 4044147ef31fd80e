// Makes results/holdfast.mcpb, the bundle for Claude Desktop, of the command that has been built.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packExtension } from "@anthropic-ai/mcpb/cli";
import { MCPB_MANIFEST } from "./mcpb-manifest.ts";

const root = join(import.meta.dirname, "..");
const outputPath = process.argv[2] ?? join(root, "results", "holdfast.mcpb");
mkdirSync(join(root, "results"), { recursive: true });
const extensionPath = mkdtempSync(join(tmpdir(), "holdfast-mcpb-"));
try {
  copyFileSync(join(root, "dist/proxy/holdfast.cjs"), join(extensionPath, "holdfast.cjs"));
  copyFileSync(join(root, "extension/public/icons/icon-128.png"), join(extensionPath, "icon.png"));
  copyFileSync(join(root, "LICENSE"), join(extensionPath, "LICENSE"));
  writeFileSync(join(extensionPath, "manifest.json"), JSON.stringify(MCPB_MANIFEST, undefined, 2));
  if (!(await packExtension({ extensionPath, outputPath }))) process.exitCode = 1;
} finally {
  rmSync(extensionPath, { recursive: true, force: true });
}
