import { Followed, useFollowed } from "./followed.ts";
import { percentDecoded } from "./percent-decoded.ts";

const VIEWS = ["tasks", "call", "servers", "access"] as const;
export type View = (typeof VIEWS)[number];

/** Where the page is: a view, and what is chosen in it. It is the address's hash, so a reload comes back to it. */
export interface Route {
  readonly view: View;
  readonly chosen: readonly string[];
}

const followed = new Followed<Route>(read());
addEventListener("hashchange", () => followed.set(read()));

export function useRoute(): Route {
  return useFollowed(followed);
}

export function currentRoute(): Route {
  return followed.get();
}

export function hrefOf(view: View, ...chosen: readonly string[]): string {
  return `#/${[view, ...chosen].map(encodeURIComponent).join("/")}`;
}

export function goTo(view: View, ...chosen: readonly string[]): void {
  const href = hrefOf(view, ...chosen);
  if (location.hash === href) return;
  location.hash = href;
  // The event comes later, and a caller that asks meanwhile must get the new route.
  followed.set(read());
}

function read(): Route {
  const [view, ...chosen] = location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(percentDecoded);
  return { view: VIEWS.find((known) => known === view) ?? "tasks", chosen };
}
