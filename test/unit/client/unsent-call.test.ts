import { expect, it } from "vitest";
import { type Connector, TaskClient } from "../../../src/index.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";
import { http } from "../../fixtures/failures.ts";
import { settled } from "../../fixtures/fake-clock.ts";
import * as wire from "../../fixtures/messages-2026-07-28.ts";
import { testHost } from "../../fixtures/test-host.ts";

const HANGING: Connector = { label: "lab", renewable: false, connect: () => new Promise(() => undefined) };

type Lab = ReturnType<typeof lab2026>;

/** A page that ends while it connects. */
async function dyingPage(
  { store, clock }: Lab,
  act: (client: TaskClient) => Promise<unknown>,
): Promise<void> {
  const client = new TaskClient({
    store,
    endpoints: { lab: HANGING },
    host: testHost({ clock }),
    push: false,
  });
  await act(client);
  await settled();
  await client.close();
}

it("A call whose question is answered by a page that ends while it connects is sent by the next page, once", async () => {
  const first = lab2026();
  const calling = first.client.start("lab", "report");
  const { name } = wire.inputRequests;
  await (await first.server.expect("tools/call")).reply({
    ...wire.inputRequiredResult,
    inputRequests: { name },
  });
  await calling;
  await first.client.close();
  await dyingPage(first, async (client) => {
    const [task] = await client.resume();
    await task?.answer("name", { action: "decline" });
  });
  const { client, server } = lab2026({ store: first.store, clock: first.clock });
  const [task] = await client.resume();
  const call = await server.expect("tools/call");
  expect(call.params).toHaveProperty("inputResponses");
  await call.reply(wire.createTaskResult);
  expect(task?.view.status).toBe("working");
  await client.close();
});

it("A call that was refused for now is sent by the next page when the page before it ended while it connected", async () => {
  const first = lab2026();
  const calling = first.client.start("lab", "report");
  await (await first.server.expect("tools/call")).fail(http(429));
  await calling;
  await first.client.close();
  await dyingPage(first, (client) => client.resume());
  const { client, server } = lab2026({ store: first.store, clock: first.clock });
  const [task] = await client.resume();
  await (await server.expect("tools/call")).reply(wire.createTaskResult);
  expect(task?.view.status).toBe("working");
  await client.close();
});
