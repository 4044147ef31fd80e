/**
 * A store that lives as long as its process: for tests, and where nothing better is to be had.
 * @module
 */

import type { TaskRecord } from "../engine/record.ts";
import type { Session } from "../protocol/session.ts";
import { isSuperseded } from "./supersede.ts";
import type { TaskStore } from "./task-store.ts";

export type { TaskStore } from "./task-store.ts";

/**
 * A TaskStore in memory. Give the same one to two TaskClients to play a reload.
 * @example
 * const tasks = new TaskClient({ store: memoryStore(), endpoints });
 */
export function memoryStore(): TaskStore {
  const active = new Map<string, TaskRecord>();
  const settled = new Map<string, TaskRecord>();
  const sessions = new Map<string, Session>();
  const notes = new Map<string, unknown>();
  // Copies in and out, as real storage does: nobody may come to rely on sharing an object.
  // By JSON, as databases do: jsdom under Jest has no `structuredClone`.
  const copy = <T>(value: T): T => (value === undefined ? value : JSON.parse(JSON.stringify(value)));
  return {
    async save(record, after) {
      const known = settled.get(record.id) ?? active.get(record.id);
      if (isSuperseded(record, known, after)) return false;
      const kept = copy(record);
      active.delete(record.id);
      (record.outcome ? settled : active).set(record.id, kept);
      return true;
    },
    load: async (id) => copy(active.get(id) ?? settled.get(id)),
    async remove(id) {
      active.delete(id);
      settled.delete(id);
      notes.delete(id);
    },
    loadActive: async () => copy([...active.values()]),
    loadSettled: async () => copy([...settled.values()]),
    async saveSession(endpoint, session) {
      sessions.set(endpoint, copy(session));
    },
    loadSession: async (endpoint) => copy(sessions.get(endpoint)),
    deliveries: {
      load: async () => copy([...notes.values()]),
      async change(id, change) {
        if (!active.has(id) && !settled.has(id)) return false;
        const next = change(copy(notes.get(id)));
        if (next !== undefined) notes.set(id, copy(next));
        return true;
      },
    },
  };
}
