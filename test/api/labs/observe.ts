export * from "./tasks.ts";
export const render = (_shown: unknown): void => undefined;
