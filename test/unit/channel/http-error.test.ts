import { expect, test } from "vitest";
import { HttpError } from "../../../src/channel/http-error.ts";

const NOW = Date.parse("2020-01-01T00:00:00Z");

test.each([
  ["seconds", "30"],
  ["a date", "Wed, 01 Jan 2020 00:00:30 GMT"],
])("HttpError.of() reads Retry-After, given as %s, by the clock that it is given", async (_what, value) => {
  const response = new Response("", { status: 429, headers: { "retry-after": value } });
  expect((await HttpError.of(response, NOW)).retryAfterMs).toBe(30_000);
});
