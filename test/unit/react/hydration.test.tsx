// @vitest-environment jsdom
import { cleanup, render } from "@testing-library/react";
import { renderToString } from "react-dom/server";
import { afterEach, expect, it } from "vitest";
import { TaskClientProvider, useTasks } from "../../../src/react/index.ts";
import { Everything } from "./everything.tsx";
import { Reader } from "./reader.tsx";
import { meanwhile, renderWith } from "./rendering.tsx";
import { running, ScriptedClient } from "./scripted-client.ts";

afterEach(cleanup);

it("a page that was rendered on a server is taken over as it is, and then has the tasks", async () => {
  const client = new ScriptedClient(running(1));
  // Another root of the page has them already: the first render must be the server's all the same.
  await renderWith(client, <Reader read={() => useTasks()} />);
  const page = (
    <TaskClientProvider client={client}>
      <Everything />
    </TaskClientProvider>
  );
  const container = document.createElement("div");
  container.innerHTML = renderToString(page);
  const [paragraph] = container.children;
  expect(container.textContent).toBe("0 0 0 undefined loading undefined false");
  const failures: unknown[] = [];
  await meanwhile(() => {
    render(page, { container, hydrate: true, onRecoverableError: (failure) => failures.push(failure) });
  });
  expect(failures).toEqual([]);
  expect(container.textContent).toBe("1 1 0 working ready undefined false");
  expect(container.children[0], "nothing was thrown away").toBe(paragraph);
});
