import { expect, it } from "vitest";
import { COMPLETED, COMPLETED_APART, ID, RESULT, remoteLab } from "./scripted-worker.ts";

const DELIVERY = { id: ID, addressee: "chat", receipt: "r-1", task: COMPLETED_APART };

it("asks the worker for deliveries under one receipt, also where the first reply is lost", async () => {
  const { client, worker, clock } = remoteLab();
  const asking = client.undelivered({ addressee: "chat", leaseMs: 5_000 });
  const first = await worker.expect("POST", "/v1/deliveries");
  await first.fail();
  await clock.advance(60_000);
  const second = await worker.expect("POST", "/v1/deliveries");
  expect(first.json).toMatchObject({ addressee: "chat", leaseMs: 5_000, receipt: expect.any(String) });
  expect(second.json).toEqual(first.json);
  await second.reply(200, { deliveries: [DELIVERY, { id: "is no delivery" }, { ...DELIVERY, task: 7 }] });
  const [delivery, ...more] = await asking;
  expect(more).toEqual([]);
  expect(delivery).toMatchObject({ id: ID, addressee: "chat", receipt: "r-1" });
  const fetching = delivery?.task.result();
  await (await worker.expect("GET", `/v1/tasks/${ID}`)).reply(200, COMPLETED);
  expect(await fetching).toEqual(RESULT);
});

it("asks the worker for the deliveries of one task, and takes a deleted task for one without any", async () => {
  const { client, worker } = remoteLab();
  const query = { addressee: "chat", leaseMs: 5_000, receipt: "r-1", task: ID };
  const asking = client.undelivered(query);
  const request = await worker.expect("POST", "/v1/deliveries");
  expect(request.json).toEqual(query);
  await request.reply(200, { deliveries: [{ ...DELIVERY, leasedForMs: 500 }] });
  expect(await asking).toMatchObject([{ id: ID, receipt: "r-1", leasedForMs: 500 }]);
  const gone = client.undelivered(query);
  await (await worker.expect("POST", "/v1/deliveries")).refuse(404, "unknown-task");
  expect(await gone).toEqual([]);
});

it("acknowledges an end and a question, and takes a deleted task for acknowledged by nobody", async () => {
  const { client, worker } = remoteLab();
  const path = `/v1/tasks/${ID}/acknowledgements`;
  const receipt = { addressee: "chat", receipt: "r-1", task: { id: ID } };
  const ending = client.acknowledge(receipt);
  const end = await worker.expect("POST", path);
  expect(end.json).toEqual({ addressee: "chat", receipt: "r-1" });
  await end.reply(200, { acknowledged: true });
  expect(await ending).toBe(true);
  const asked = client.acknowledge({ ...receipt, question: { key: "name" } });
  const question = await worker.expect("POST", path);
  expect(question.json).toEqual({ addressee: "chat", receipt: "r-1", key: "name" });
  await question.reply(200, { acknowledged: false });
  expect(await asked).toBe(false);
  const gone = client.acknowledge(receipt);
  await (await worker.expect("POST", path)).refuse(404, "unknown-task");
  expect(await gone).toBe(false);
});

it("names addressees with the call and later, and reports endpoints that could not be read", async () => {
  const { client, worker, problems } = remoteLab();
  const calling = client.start("papers", "report", {}, { notify: ["chat"] });
  const call = await worker.expect("POST", "/v1/endpoints/papers/calls");
  expect(call.json).toMatchObject({ tool: "report", notify: ["chat"] });
  await call.reply(200, COMPLETED);
  await calling;
  const adding = client.notify({ id: ID }, "phone");
  const added = await worker.expect("POST", `/v1/tasks/${ID}/addressees`);
  expect(added.json).toEqual({ addressee: "phone" });
  await added.reply(204);
  await adding;
  const asking = client.undelivered({ addressee: "chat" });
  await (await worker.expect("POST", "/v1/deliveries")).reply(200, { deliveries: [], missing: ["papers"] });
  expect(await asking).toEqual([]);
  expect(problems).toMatchObject([{ kind: "incomplete-list", endpoint: "papers" }]);
});
