import { isBuiltin } from "node:module";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { ROOT } from "./package-build.ts";

export type Target = "browser" | "workerd";

export interface Bundle {
  readonly code: string;
  /** The modules with code in it. */
  readonly modules: readonly string[];
  /** Node built-ins it imports, and from where. */
  readonly builtins: readonly string[];
}

const PLATFORM: Readonly<Record<Target, BuildOptions>> = {
  browser: { platform: "browser", conditions: ["import", "module", "browser", "default"] },
  workerd: {
    platform: "neutral",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["module", "main"],
  },
};

/** All modules of an entry point in one file, its peers among them, as an app's bundler would have it. */
export async function bundled(
  source: string,
  target: Target,
  options: {
    readonly minify?: boolean;
    readonly external?: readonly string[];
    /** Other files for certain specifiers. */
    readonly alias?: Readonly<Record<string, string>>;
  } = {},
): Promise<Bundle> {
  const builtins: string[] = [];
  const result = await build({
    stdin: { contents: source, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    format: "esm",
    target: "es2023",
    write: false,
    metafile: true,
    legalComments: "none",
    logLevel: "silent",
    minify: options.minify ?? false,
    external: [...(options.external ?? [])],
    alias: { ...options.alias },
    plugins: [noticeBuiltins(builtins)],
    ...PLATFORM[target],
  });
  const [output] = Object.values(result.metafile?.outputs ?? {});
  const modules = Object.entries(output?.inputs ?? {}).flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? path : [],
  );
  return { code: result.outputFiles?.[0]?.text ?? "", modules, builtins };
}

/** Lets the bundling go on where it meets a built-in, and keeps who wanted it. */
function noticeBuiltins(found: string[]): Plugin {
  return {
    name: "notice-builtins",
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, importer }) => {
        if (!isBuiltin(path)) return undefined;
        found.push(`${path} from ${importer.replace(ROOT, "")}`);
        return { path, external: true };
      });
    },
  };
}
