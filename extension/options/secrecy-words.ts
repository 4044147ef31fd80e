import type { Secrecy } from "../servers/known-servers.ts";

export const SECRECIES: readonly { readonly value: Secrecy; readonly label: string }[] = [
  { value: "none", label: "None" },
  {
    value: "until the browser closes",
    label: "A header, such as a bearer token, kept until the browser closes",
  },
  { value: "on this computer", label: "A header, kept on this computer" },
];

export const KEPT_WORDS: Readonly<Record<Exclude<Secrecy, "none">, string>> = {
  "until the browser closes":
    "Kept in memory, never on disk. After the browser was closed, tasks of this server wait until you enter it again.",
  "on this computer":
    "Stored in the browser's profile, unencrypted: anybody who can read your files can read it. Tasks continue after a restart of the browser.",
};
