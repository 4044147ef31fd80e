import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  COMPATIBILITY_DATE,
  COMPATIBILITY_FLAGS,
  OBJECTS,
  workerdConfig,
} from "../../proxy/serve/workerd-config.ts";

const wrangler = readFileSync("wrangler.toml", "utf8");

test("holdfast serve runs the worker as wrangler.toml has it", () => {
  const [, date] = /^compatibility_date = "(.*)"$/m.exec(wrangler) ?? [];
  expect(COMPATIBILITY_DATE).toBe(date);
  const [, flags = ""] = /^compatibility_flags = \[(.*)\]$/m.exec(wrangler) ?? [];
  expect(COMPATIBILITY_FLAGS.map((flag) => `"${flag}"`).join(", ")).toBe(flags);
  const objects = [...wrangler.matchAll(/^name = "(\w+)"\nclass_name = "(\w+)"$/gm)];
  expect(objects.length).toBeGreaterThan(3);
  expect(OBJECTS).toEqual(Object.fromEntries(objects.map(([, name, type]) => [name, type])));
  const [, kv] = /^\[\[kv_namespaces\]\]\nbinding = "(\w+)"$/m.exec(wrangler) ?? [];
  expect(config(false)).toContain(`(name = "${kv}", kvNamespace =`);
  const [, assets] = /^\[assets\]\n.*\nbinding = "(\w+)"$/m.exec(wrangler) ?? [];
  expect(config(false)).toContain(`(name = "${assets}", service =`);
});

test("the worker of holdfast serve reaches private addresses only where an endpoint may", () => {
  expect(config(false)).not.toContain('"private"');
  expect(config(true)).toContain('"private"');
});

function config(isPrivateReachable: boolean): string {
  return workerdConfig({
    address: "127.0.0.1:0",
    vars: ["ENDPOINTS"],
    isPrivateReachable,
    local: { binding: "LOCAL_SERVERS", path: "/state/servers.sock" },
    storage: "/state/storage",
    console: "/console",
  });
}
