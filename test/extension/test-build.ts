import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const BUILT: string = join(import.meta.dirname, "../../extension/dist");

/** The id that the manifest's key gives the extension, on every machine. */
export const EXTENSION_ID = "jjkoibgbhkmiebmccnbjmgnhjekljoem";

export interface TestBuild {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * The built extension with the permission to go to 127.0.0.1 in its manifest, and nothing else changed: nobody can
 * press the button in the browser's own question for it, which is outside every page. The code that asks for it still runs,
 * and receives that it is granted; other hosts have no permission.
 */
export async function testBuild(): Promise<TestBuild> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-extension-"));
  await cp(BUILT, path, { recursive: true });
  const file = join(path, "manifest.json");
  const manifest = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...manifest, host_permissions: ["http://127.0.0.1/*"] }));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }) };
}
