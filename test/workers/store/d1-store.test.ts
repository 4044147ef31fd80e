import { env } from "cloudflare:workers";
import { d1Store } from "holdfast/d1";
import { storeContract } from "holdfast/testing";
import { describe, test } from "vitest";

describe("d1Store in D1 of workerd", () => {
  let opened = 0;
  const database: D1Database = Reflect.get(env, "TASKS_DB");
  test.each(storeContract(() => d1Store(database, { name: `store-${++opened}` })))("$title", ({ run }) =>
    run(),
  );
});
