import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { storeContract } from "holdfast/testing";
import { describe, expect, it } from "vitest";
import { SqliteTaskStore } from "../../../src/durable-object/sqlite-store.ts";

describe("SqliteTaskStore in the storage of a Durable Object", () => {
  const titles = storeContract(() => {
    throw new Error("Only the titles are read here");
  }).map(({ title }) => title);

  it.each(titles)("%s", (title) =>
    runInDurableObject(env.TASK_GROUP.getByName(crypto.randomUUID()), async (_object, { storage }) => {
      const found = storeContract(() => new SqliteTaskStore(storage)).find((rule) => rule.title === title);
      expect(found).toBeDefined();
      await found?.run();
    }),
  );
});
