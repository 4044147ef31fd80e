import type { TaskView } from "holdfast";
import { promisifyRequest } from "idb-keyval";
import type { WorkspaceClient } from "../../ui/clients/workspace.ts";
import { exportedTasks, exportText } from "../../ui/tasks/export-tasks.ts";
import { reloadServers, tellErased } from "../app/messages.ts";
import { knownServers } from "../servers/known-servers.ts";
import { isSecretKey } from "../servers/secrets.ts";
import { targets } from "../targets/targets.ts";

/** How much of each kind the browser keeps for the extension. */
export interface Stored {
  /** Headers and sign-ins, by where they are. */
  readonly secretsInMemory: number;
  readonly secretsOnDisk: number;
  /** Bytes on the disk, as the browser estimates them. */
  readonly bytes: number | undefined;
  /** The hosts that the extension may access, as match patterns. */
  readonly hosts: readonly string[];
}

export async function stored(): Promise<Stored> {
  const [session, local, estimate, permissions] = await Promise.all([
    chrome.storage.session.get(),
    chrome.storage.local.get(),
    navigator.storage.estimate().catch(() => undefined),
    chrome.permissions.getAll(),
  ]);
  const secrets = (area: object): number => Object.keys(area).filter(isSecretKey).length;
  return {
    secretsInMemory: secrets(session),
    secretsOnDisk: secrets(local),
    bytes: estimate?.usage,
    hosts: permissions.origins ?? [],
  };
}

/** All of it as JSON text, but no header and no token. */
export async function exported(client: WorkspaceClient, tasks: readonly TaskView[]): Promise<string> {
  return exportText({
    version: chrome.runtime.getManifest().version,
    servers: await knownServers(),
    menuEntries: await targets(),
    tasks: await exportedTasks(client, tasks),
  });
}

/**
 * Deletes everything that the extension has stored in this browser, and gives back the hosts it may access. Servers are not
 * asked to cancel: what runs there goes on. Sign out first where tokens are to be revoked.
 */
export async function deleteEverything(): Promise<void> {
  const { origins = [] } = await chrome.permissions.getAll();
  await Promise.all([chrome.storage.local.clear(), chrome.storage.session.clear()]);
  localStorage.clear();
  // The worker polls nothing any longer, so nothing is written while the databases are emptied.
  await reloadServers();
  // Unfinished tasks are copied there, and restored from there when the database is empty.
  for (const name of await caches.keys()) await caches.delete(name);
  for (const { name } of await indexedDB.databases()) if (name !== undefined) await emptied(name);
  await tellErased();
  for (const id of Object.keys(await allNotices())) void chrome.notifications.clear(id);
  // Those of the manifest itself cannot be given back.
  for (const origin of origins) await chrome.permissions.remove({ origins: [origin] }).catch(() => false);
}

function allNotices(): Promise<object> {
  return new Promise((resolve) => chrome.notifications.getAll(resolve));
}

/** Emptied, not deleted: that would wait until the worker has closed it. */
async function emptied(name: string): Promise<void> {
  const database = await promisifyRequest(indexedDB.open(name));
  const names = [...database.objectStoreNames];
  if (names.length > 0) {
    const transaction = database.transaction(names, "readwrite");
    await Promise.all(names.map((store) => promisifyRequest(transaction.objectStore(store).clear())));
  }
  database.close();
}
