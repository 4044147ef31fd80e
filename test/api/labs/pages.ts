export * from "./tasks.ts";

const keys = {
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
};
const subscription = { toJSON: () => ({ endpoint: "https://push.example/browser", keys }) };
const pushManager = { getSubscription: async () => null, subscribe: async () => subscription };

/** A page with a service worker, in place of the browser. */
export const registration = { pushManager } as unknown as ServiceWorkerRegistration;
export const worker = "https://tasks.example";
export const token = "token-of-a-reader";
export const self = new EventTarget();
Object.assign(globalThis, { location: new URL("https://app.example/") });

/** An extension, in place of the browser's. */
const permissions = { request: async () => true, contains: async () => false, remove: async () => true };
Object.assign(globalThis, { chrome: { permissions, runtime: { id: "papers", connect: () => undefined } } });
export const showGrantButton = (): void => undefined;
export const button = new EventTarget();

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const following = new AbortController();
export const { signal } = following;
setTimeout(() => following.abort(), 50);
