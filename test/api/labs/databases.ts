import { createClient } from "redis";

export { DatabaseSync } from "node:sqlite";
export { Pool } from "pg";
export { endpoints } from "./tasks.ts";
export const connectionString = "postgres://127.0.0.1/papers";
export const client = createClient();

const statement = { bind: () => statement, all: async () => ({ results: [] }) };
export const env = { TASKS: { prepare: () => statement } };
