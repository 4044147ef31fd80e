import manifest from "../package.json" with { type: "json" };

/** An entry of package.json's `exports`: how an app imports it, and the source file that it is. */
export interface Entry {
  readonly specifier: string;
  readonly source: string;
}

export const ENTRIES: readonly Entry[] = Object.entries(manifest.exports).map(([path, { types }]) => ({
  specifier: path.replace(/^\./, manifest.name),
  source: types.replace("./dist/", "src/").replace(/\.d\.ts$/, ".ts"),
}));
