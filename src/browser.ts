/**
 * `holdfast`, `holdfast/http` and `holdfast/indexeddb` for a page without a bundler: the build makes one file of them, which
 * imports nothing. A page loads it by its address or through an import map.
 * @module
 */
export * from "./channel/http.ts";
export * from "./index.ts";
export * from "./store/indexeddb.ts";
