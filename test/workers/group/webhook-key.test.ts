import { expect, it } from "vitest";
import { webhookKey, webhookSecret, webhookSignature } from "../../../worker/group/webhook-key.ts";

it("Each principal has a webhook key of its own, which says nothing of another's", async () => {
  const [alice, bob] = await Promise.all(
    ["alice", "bob"].map((name) => webhookSecret("master secret", name)),
  );
  expect(alice).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(bob).not.toBe(alice);
  const body = "id.1.{}";
  const signed = await webhookSignature(await webhookKey("master secret", "alice"), body);
  expect(signed).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
  expect(await webhookSignature(await webhookKey("master secret", "bob"), body)).not.toBe(signed);
  expect(await webhookSignature(await webhookKey("master secret", "alice"), body)).toBe(signed);
});

it("A secret in Base64 and its bytes are the same key", async () => {
  const written = `whsec_${btoa("master secret")}`;
  expect(await webhookSecret(written, "alice")).toBe(await webhookSecret("master secret", "alice"));
});
