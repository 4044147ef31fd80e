import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServerProcess, startWorker } from "../servers/processes.ts";
import { PushService } from "../servers/push-service.ts";
import { testBrowser } from "./test-browser.ts";
import { until } from "./until.ts";

const at = testBrowser({ quiet: true });
const HEADERS = { authorization: "Bearer demo", "content-type": "application/json" };

let service: PushService;
let worker: ServerProcess;

beforeAll(async () => {
  service = await PushService.start();
  worker = await startWorker({ vars: { DEMO: "true", WEBHOOK_PRIVATE: "true" } });
});

afterAll(async () => {
  await worker.kill();
  service.close();
});

/**
 * Chromium subscribes at Google's push service, which cannot be reached from here. In its place the page's PushManager subscribes at the
 * test's: the worker sends there, and DevTools delivers what the push service has received.
 */
async function subscribeAt({ origin, keys }: PushService, context: BrowserContext): Promise<void> {
  await context.addInitScript(
    ({ origin, keys }) => {
      const stored = (): PushSubscription | null => {
        const key = localStorage.getItem("test-push-key");
        if (key === null) return null;
        const bytes = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
        const endpoint = `${origin}/chromium`;
        return {
          endpoint,
          options: {
            applicationServerKey: Uint8Array.from(bytes, (one) => one.charCodeAt(0)).buffer,
            userVisibleOnly: true,
          },
          expirationTime: null,
          getKey: () => null,
          toJSON: () => ({ endpoint, expirationTime: null, keys }),
          unsubscribe: async () => {
            localStorage.removeItem("test-push-key");
            return true;
          },
        };
      };
      PushManager.prototype.getSubscription = async () => stored();
      PushManager.prototype.subscribe = async (options) => {
        localStorage.setItem("test-push-key", String(options?.applicationServerKey));
        return stored() as PushSubscription;
      };
    },
    { origin, keys },
  );
}

async function startTask(): Promise<string> {
  const reply = await fetch(`${worker.url}/v1/endpoints/sample-2026/calls`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify({ tool: "acquire_paper", arguments: { doi: "10.1/kelp", stage_ms: 100 } }),
  });
  return ((await reply.json()) as { id: string }).id;
}

const subscribed = async (): Promise<number> => {
  const reply = await fetch(`${worker.url}/v1/push-subscriptions`, { headers: HEADERS });
  return ((await reply.json()) as { subscriptions: unknown[] }).subscriptions.length;
};

/** The id by which DevTools knows the page's service worker. */
async function registrationOf(devtools: CDPSession): Promise<string> {
  const ids: string[] = [];
  devtools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
    ids.push(
      ...registrations.flatMap(({ registrationId, isDeleted }) => (isDeleted ? [] : [registrationId])),
    );
  });
  await devtools.send("ServiceWorker.enable");
  return until("DevTools knows the service worker", async () => ids.at(-1));
}

interface Shown {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
}

const shownIn = (page: Page): Promise<Shown[]> =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const shown = await registration.getNotifications();
    return shown.map(({ title, body, tag }) => ({ title, body, tag }));
  });

test("a person switches notifications on, the service worker shows the end of a task, and a click opens it", async () => {
  const { context } = at.browser;
  await context.grantPermissions(["notifications"], { origin: worker.url });
  await subscribeAt(service, context);
  const page = await at.browser.open(`${worker.url}/#/access`);
  const toggle = page.getByRole("switch", { name: "Notify me when a task ends" });
  await toggle.waitFor();
  expect(await toggle.isChecked()).toBe(false);
  // The switch itself is under its picture.
  await page.getByText("Notify me when a task ends").click();
  await page.getByLabel("Show the beginning of the result").waitFor();
  expect(await subscribed()).toBe(1);

  const task = await startTask();
  const push = await until(
    "the push service has the message",
    async () => service.received.find(({ text }) => text.includes(task)),
    30_000,
  );
  const devtools = await context.newCDPSession(page);
  const registrationId = await registrationOf(devtools);
  const deliver = (data: string) =>
    devtools.send("ServiceWorker.deliverPushMessage", { origin: worker.url, registrationId, data });
  // More than once, as push services may, and as a service worker needs that has just been installed. It shows once.
  const [shown, ...others] = await until("the notification is shown", async () => {
    await deliver(push.text);
    const shown = await shownIn(page);
    return shown.length > 0 ? shown : undefined;
  });
  await deliver(push.text);
  expect(others).toEqual([]);
  expect(shown).toMatchObject({ title: "acquire_paper has completed", tag: task });
  expect(shown?.body).not.toContain("10.1/kelp");

  // The page was opened before there was a service worker: it is controlled once it is loaded anew.
  await page.reload();
  await toggle.waitFor();
  await expect.poll(() => toggle.isChecked(), { message: "the switch stays on" }).toBe(true);
  const inWorker = await until("Playwright has the service worker", async () => context.serviceWorkers()[0]);
  await inWorker.evaluate(async () => {
    const scope = globalThis as unknown as {
      registration: ServiceWorkerRegistration;
      NotificationEvent: new (type: string, init: { notification: Notification }) => Event;
    };
    const [notification] = await scope.registration.getNotifications();
    if (!notification) throw new Error("There is no notification");
    dispatchEvent(new scope.NotificationEvent("notificationclick", { notification }));
  });
  await expect.poll(() => shownIn(page), { message: "it is closed" }).toEqual([]);
  await expect.poll(() => new URL(page.url()).hash).toBe(`#/tasks/${task}`);
  await page.goBack();

  await page.getByText("Notify me when a task ends").click();
  await expect.poll(subscribed).toBe(0);
  await expect.poll(() => toggle.isChecked()).toBe(false);
});

test("the service worker shows nothing for messages of other senders", async () => {
  const { context } = at.browser;
  await context.grantPermissions(["notifications"], { origin: worker.url });
  await subscribeAt(service, context);
  const page = await at.browser.open(`${worker.url}/#/access`);
  await page.getByText("Notify me when a task ends").click();
  await page.getByLabel("Show the beginning of the result").waitFor();
  const devtools = await context.newCDPSession(page);
  const registrationId = await registrationOf(devtools);
  const deliver = (data: string) =>
    devtools.send("ServiceWorker.deliverPushMessage", { origin: worker.url, registrationId, data });
  const notification = { title: "X", navigate: "https://other.example", data: { task: "t", endpoint: "e" } };
  const ours = (tag: string): string => {
    const data = { ...notification.data, kind: "completed" };
    return JSON.stringify({ web_push: 8030, notification: { ...notification, tag, data } });
  };
  const deliverUntilShown = (count: number, data: string) =>
    until(`${count} are shown`, async () => {
      await deliver(data);
      const shown = await shownIn(page);
      return shown.length >= count ? shown : undefined;
    });
  await deliverUntilShown(1, ours("first"));
  for (const data of [
    "",
    "no JSON",
    "[]",
    JSON.stringify({ notification }),
    JSON.stringify({ web_push: 8030 }),
  ])
    await deliver(data);
  const shown = await deliverUntilShown(2, ours("second"));
  expect(shown.map(({ tag }) => tag).sort()).toEqual(["first", "second"]);
});

test("a person whose browser blocks notifications reads how to allow them", async () => {
  const page = await at.browser.context.newPage();
  await page.addInitScript(() => {
    Object.defineProperty(Notification, "permission", { get: () => "denied" });
  });
  await page.goto(`${worker.url}/#/access`);
  await page.getByText("This browser blocks notifications of this page.").waitFor();
});
