import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };

interface Entry {
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  readonly packages: Readonly<Record<string, Entry>>;
};
const installed = Object.entries(packages).filter(
  ([path, { link }]) => path.startsWith("node_modules/") && !link,
);

it("The lock file has the hash of each package that npm ci may install", () => {
  expect(installed.length).toBeGreaterThan(500);
  expect(installed.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))).toEqual([]);
});

it("npm ci runs no install script: one could bring what the lock file does not name", () => {
  expect(Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed)).toEqual([]);
});

it("The Node of npm scripts is a package of the lock file", () => {
  const platforms = installed.filter(([path]) => /^node_modules\/node-(bin-)?(linux|darwin|win)-/.test(path));
  expect(platforms.length).toBeGreaterThanOrEqual(4);
});
