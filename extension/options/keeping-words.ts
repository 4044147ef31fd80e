import type { Authorization } from "../../ui/servers/server.ts";
import type { Keeping } from "../servers/known-servers.ts";

export const AUTHORIZATIONS: readonly { readonly value: Authorization; readonly label: string }[] = [
  { value: "none", label: "None" },
  { value: "header", label: "A header, such as a bearer token" },
  { value: "oauth", label: "OAuth: sign in with the server" },
];

export const KEEPING_LABELS: readonly { readonly value: Keeping; readonly label: string }[] = [
  { value: "until the browser closes", label: "Until the browser closes" },
  { value: "on this computer", label: "On this computer" },
];

export const KEEPING_WORDS: Readonly<Record<Keeping, string>> = {
  "until the browser closes":
    "Kept in memory, never on disk. After the browser was closed, tasks of this server wait for you.",
  "on this computer":
    "Stored in the browser's profile, unencrypted: anybody who can read your files can read it. Tasks continue after a restart of the browser.",
};
