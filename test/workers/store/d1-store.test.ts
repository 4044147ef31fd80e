import { env } from "cloudflare:workers";
import { d1Store } from "holdfast/d1";
import { leaseContract, storeContract } from "holdfast/testing";
import { describe, test } from "vitest";

describe("d1Store in D1 of workerd", () => {
  let opened = 0;
  const database: D1Database = Reflect.get(env, "TASKS_DB");
  const fresh = () => d1Store(database, { name: `store-${++opened}` });
  test.each([...storeContract(fresh), ...leaseContract(fresh)])("$title", ({ run }) => run());
});
