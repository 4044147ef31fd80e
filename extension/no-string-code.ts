import type { Plugin } from "vite";

/**
 * Where libraries would make code of strings if they could. They ask first, and go on without; but a browser reports
 * the question as a breach of the extension's policy, and those who review extensions read it in the code.
 */
const PLACES: readonly { readonly module: RegExp; readonly code: string; readonly instead: string }[] = [
  {
    module: /\/zod\/v4\/core\/(util|doc)\.js$/,
    code: "const F = Function;",
    instead: "const F = class { constructor() { throw new EvalError(); } };",
  },
  {
    module: /\/markdown-to-jsx\/dist\/\w+\.js$/,
    code: "(0,eval)(",
    instead: "(() => { throw new EvalError(); })(",
  },
];

export function noStringCode(): Plugin {
  return {
    name: "holdfast-no-string-code",
    transform(code, id) {
      const place = PLACES.find(({ module }) => module.test(id));
      return place?.code !== undefined && code.includes(place.code)
        ? { code: code.replaceAll(place.code, place.instead), map: null }
        : undefined;
    },
  };
}
