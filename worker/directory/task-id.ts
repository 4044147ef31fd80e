import { base64url, fromBase64url } from "../http/base64.ts";
import type { GroupName } from "./principal-directory-rpc.ts";

/** `<endpoint>.<shard>.<uuid v7>`: an id says which object of its principal holds the task. */
export interface TaskAddress {
  readonly endpoint: string;
  readonly shard: number;
  /** Begins with the time: of two, the later sorts higher. */
  readonly uuid: string;
}

/** More shards than any principal can have: what is beyond is no id, and wakes no object. */
const ID =
  /^([a-z0-9][a-z0-9-]{0,31})\.(0|[1-9]\d{0,3})\.([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function readTaskId(id: string): TaskAddress | undefined {
  const [, endpoint, shard, uuid] = ID.exec(id) ?? [];
  return endpoint === undefined || uuid === undefined ? undefined : { endpoint, shard: Number(shard), uuid };
}

export function taskIdOf({ endpoint, shard }: GroupName, uuid: string): string {
  return `${endpoint}.${shard}.${uuid}`;
}

/** A place in a list of tasks: after the task with this uuid. */
export function encodeCursor(uuid: string): string {
  return base64url(uuid);
}

export function decodeCursor(cursor: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(cursor)) return undefined;
  try {
    const uuid = fromBase64url(cursor);
    return UUID.test(uuid) ? uuid : undefined;
  } catch {
    return undefined;
  }
}
