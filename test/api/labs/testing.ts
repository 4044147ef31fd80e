import { memoryStore } from "holdfast/memory";

export * from "./tasks.ts";
export const myStore = memoryStore;
const cases: (() => Promise<void>)[] = [];
/** A test runner that runs nothing. */
export const test = (_title: string, run: () => Promise<void>): void => void cases.push(run);
