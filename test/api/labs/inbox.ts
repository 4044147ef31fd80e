export * from "./tasks.ts";
export const show = async (_delivery: unknown): Promise<void> => undefined;
