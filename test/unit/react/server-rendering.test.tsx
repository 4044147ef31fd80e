import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { TaskClientProvider } from "../../../src/react/index.ts";
import { Everything } from "./everything.tsx";
import { running, ScriptedClient } from "./scripted-client.ts";

it("on a server the hooks know of no task, and ask the client for nothing", () => {
  expect(typeof document, "there is no page here").toBe("undefined");
  const client = new ScriptedClient(running(1));
  const html = renderToString(
    <TaskClientProvider client={client}>
      <Everything />
    </TaskClientProvider>,
  );
  expect(html).toBe("<p>0 0 0 undefined loading undefined false</p>");
  expect([client.subscriptions, client.lists, client.gets]).toEqual([0, 0, []]);
});
