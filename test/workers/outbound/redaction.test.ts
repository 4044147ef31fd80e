import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REDACTED, redacted } from "../../../worker/outbound/redaction.ts";

const SECRET = 'sk-live"/4f3b\\9a7c';

function reply(bytes: Uint8Array, cuts: readonly number[]): Response {
  const edges = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return new Response(
    new ReadableStream({
      start(controller) {
        for (let at = 1; at < edges.length; at++) controller.enqueue(bytes.slice(edges[at - 1], edges[at]));
        controller.close();
      },
    }),
  );
}

const through = (text: string, secrets: readonly string[], cuts: readonly number[] = []): Promise<string> =>
  redacted(reply(new TextEncoder().encode(text), cuts), () => secrets).then((reply) => reply.text());

describe("redaction of what a server sends", () => {
  it.each([
    ["as it is", `Authorization: ${SECRET}!`, `Authorization: ${REDACTED}!`],
    ["in JSON", JSON.stringify({ said: SECRET }), `{"said":"${REDACTED}"}`],
    [
      "in JSON with escaped slashes",
      `{"said":"${JSON.stringify(SECRET).slice(1, -1).replaceAll("/", "\\/")}"}`,
      `{"said":"${REDACTED}"}`,
    ],
    ["in an address", `?token=${encodeURIComponent(SECRET)}&x`, `?token=${REDACTED}&x`],
  ])("replaces a secret %s", async (_, text, expected) => {
    expect(await through(text, [SECRET])).toBe(expected);
  });

  it("finds a secret wherever chunks cut it, and changes no other byte", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(fc.string({ unit: "binary" }), fc.constant(SECRET), fc.constant(SECRET.slice(0, 9))),
        ),
        fc.array(fc.nat(), { maxLength: 12 }),
        async (parts, cuts) => {
          const text = parts.join("·");
          const seen = await through(text, [SECRET], cuts);
          expect(seen).toBe(await new Response(text.replaceAll(SECRET, REDACTED)).text());
        },
      ),
      { numRuns: 40 },
    );
  });

  it("asks for the secrets at each reply, since tokens are renewed", async () => {
    let token = "first-token";
    const secrets = (): readonly string[] => [token];
    expect(await (await redacted(new Response("first-token second-token"), secrets)).text()).toBe(
      `${REDACTED} second-token`,
    );
    token = "second-token";
    expect(await (await redacted(new Response("first-token second-token"), secrets)).text()).toBe(
      `first-token ${REDACTED}`,
    );
  });

  it("leaves alone what is too short to be a secret", async () => {
    expect(await through("version 1 of app", ["1", "app"])).toBe("version 1 of app");
  });
});
