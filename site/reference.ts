import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { Application, type DeclarationReflection } from "typedoc";
import { ENTRIES } from "./entries.ts";

/**
 * Writes the API reference to docs/api, one page for each entry of package.json's `exports`. TypeDoc reads the docstrings of
 * src with a TypeScript of its own: it does not support the one that builds the package.
 */
const ROOT = join(import.meta.dirname, "..");
const OUT = join(ROOT, "docs/api");

rmSync(OUT, { recursive: true, force: true });
const app = await Application.bootstrapWithPlugins({
  plugin: ["typedoc-plugin-markdown"],
  entryPoints: ENTRIES.map(({ source }) => join(ROOT, source)),
  basePath: ROOT,
  displayBasePath: ROOT,
  tsconfig: join(ROOT, "tsconfig.json"),
  out: OUT,
  name: "API reference",
  readme: "none",
  router: "module",
  entryFileName: "index",
  // `npm run typecheck` checks the types.
  skipErrorChecking: true,
  groupOrder: ["Functions", "Classes", "Variables", "Interfaces", "Type Aliases", "References"],
  excludeExternals: true,
  excludePrivate: true,
  excludeProtected: true,
  excludeInternal: true,
  disableGit: true,
  sourceLinkTemplate: "https://github.com/holdfast-mcp/holdfast/blob/main/{path}#L{line}",
  githubPages: false,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  propertyMembersFormat: "table",
  typeDeclarationFormat: "table",
  // Its own count of equal headings differs from that of VitePress.
  useHTMLAnchors: true,
  logLevel: "Warn",
} as Parameters<typeof Application.bootstrapWithPlugins>[0]);
const project = await app.convert();
if (!project) throw new Error("TypeDoc could not read the entries of package.json's exports: see above");
for (const module of project.children ?? []) module.name = specifierOf(module);
await app.generateOutputs(project);

function specifierOf({ name, sources }: DeclarationReflection): string {
  const source = relative(ROOT, sources?.[0]?.fullFileName ?? "");
  const entry = ENTRIES.find((entry) => entry.source === source);
  if (!entry) throw new Error(`TypeDoc names a module ${name} that is no entry of package.json's exports`);
  return entry.specifier;
}
