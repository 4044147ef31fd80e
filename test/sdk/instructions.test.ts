import { describe, expect, test } from "vitest";
import type { Answers } from "./bare-server.ts";
import { CONNECTORS, clientOf, serverOf } from "./quirks.ts";

const introducing = (instructions: unknown): Answers => ({
  initialize: () => ({ protocolVersion: "2025-11-25", capabilities: { tools: {} }, instructions }),
});

describe.each(CONNECTORS)("%s: what a server wants a model to know", (_name, connect) => {
  test.each([
    ["is kept with the session", "Ask for one paper at a time.", "Ask for one paper at a time."],
    ["is cut where it is long", "p".repeat(20_000), `${"p".repeat(16_384)}… (20000 characters)`],
    ["is left out where it is no text", { ask: "one" }, undefined],
  ])("%s", async (_what, sent, kept) => {
    const server = await serverOf(introducing(sent));
    expect((await clientOf(connect(server.url)).session("server")).instructions).toEqual(kept);
  });
});
