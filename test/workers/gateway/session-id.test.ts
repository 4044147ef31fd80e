import { expect, test } from "vitest";
import { abilitiesOf, canAnswer, NO_ABILITIES } from "../../../front/client-capabilities.ts";
import { clientOfSession, newSessionId } from "../../../worker/gateway/2025-11-25/session-id.ts";

test("a session id holds what the client can be asked, and no two are the same", () => {
  const client = abilitiesOf({ elicitation: { url: {} }, roots: {} });
  const ids = [newSessionId(client), newSessionId(client)];
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) {
    expect(id).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(clientOfSession(id).abilities).toEqual({
      elicitation: true,
      urls: true,
      sampling: false,
      roots: true,
    });
  }
});

test.each([null, "", "a b", "e30", "x".repeat(513), btoa("[]"), btoa('{"v":2}')])(
  "%s is the session of a client that can be asked nothing",
  (id) => expect(clientOfSession(id)).toEqual({ abilities: NO_ABILITIES, events: false }),
);

test("a question at an address is for clients that say they take such", () => {
  const question = { key: "k", method: "elicitation/create", params: { mode: "url" } } as const;
  expect(canAnswer(abilitiesOf({ elicitation: {} }), question)).toBe(false);
  expect(canAnswer(abilitiesOf({ elicitation: { url: {} } }), question)).toBe(true);
  expect(canAnswer(abilitiesOf({ elicitation: {} }), { ...question, params: {} })).toBe(true);
  expect(canAnswer(abilitiesOf({}), { ...question, params: {} })).toBe(false);
});
