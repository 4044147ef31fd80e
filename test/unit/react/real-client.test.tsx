// @vitest-environment jsdom
import { cleanup } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, expect, it } from "vitest";
import { useCallTool, useInputRequests, useTaskListing, useTasks } from "../../../src/react/index.ts";
import { lab2026 } from "../../fixtures/client-lab.ts";
import * as wire2026 from "../../fixtures/messages-2026-07-28.ts";
import { meanwhile, renderWith } from "./rendering.tsx";

afterEach(cleanup);

function App(): ReactElement {
  const { call, task, pending } = useCallTool("lab", "plain");
  const [question] = useInputRequests();
  const tasks = useTasks();
  const { outcome } = task ?? {};
  return (
    <>
      <button type="button" name="call" onClick={() => call({ city: "Oslo" })}>
        {pending ? "calling" : (task?.status ?? "nothing")}
      </button>
      {question && (
        <button type="button" name="answer" onClick={() => question.answer(wire2026.inputResponses.name)}>
          {String(question.request.params.message)}
        </button>
      )}
      <p>{outcome?.kind === "completed" ? JSON.stringify(outcome.result) : "no result"}</p>
      <p>{`${useTaskListing().status} ${tasks.map(({ status }) => status)}`}</p>
    </>
  );
}

it("an app on a TaskClient: a call, its question, the result, and the same again in a later page", async () => {
  const { client, server, store, clock } = lab2026();
  const { container, text: before, unmount } = await renderWith(client, <App />);
  const press = (name: string) => container.querySelector<HTMLElement>(`[name=${name}]`)?.click();
  expect(before).toBe("nothingno resultready ");

  await meanwhile(() => press("call"));
  expect(container.textContent).toBe("callingno resultready calling");
  const call = await server.expect("tools/call");
  expect(call.params).toMatchObject({ name: "plain", arguments: { city: "Oslo" } });
  await meanwhile(() => call.reply(wire2026.createTaskResult));
  expect(container.textContent).toBe("workingno resultready working");

  const { name } = wire2026.inputRequests;
  await meanwhile(() => clock.advance(5_000));
  const asking = wire2026.getTaskResult({ ...wire2026.inputRequired, inputRequests: { name } });
  const poll = await server.expect("tasks/get");
  await meanwhile(() => poll.reply(asking));
  expect(container.querySelector("[name=answer]")?.textContent).toBe("Please enter your name.");
  await meanwhile(() => press("answer"));
  const update = await server.expect("tasks/update");
  expect(update.params).toMatchObject({ inputResponses: { name: wire2026.inputResponses.name } });
  expect(container.querySelector("[name=answer]")).toBeNull();

  await meanwhile(() => server.send(wire2026.taskNotification(wire2026.completed)));
  expect(container.textContent).toBe(`completed${JSON.stringify(wire2026.toolResult)}ready completed`);
  unmount();
  await client.close();

  const later = await renderWith(lab2026({ store, clock }).client, <App />);
  expect(later.text).toBe("nothingno resultready completed");
});
