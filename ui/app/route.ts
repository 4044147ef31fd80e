import { Followed, useFollowed } from "./followed.ts";
import { percentDecoded } from "./percent-decoded.ts";

const VIEWS = ["tasks", "questions", "call", "servers", "access"] as const;
export type View = (typeof VIEWS)[number];

/**
 * Where the page is: a view, what is chosen in it, and how its list is filtered. It is the address's hash, so a reload comes back to
 * it, and a link leads there.
 */
export interface Route {
  readonly view: View;
  readonly chosen: readonly string[];
  /** Of the list of tasks; what was last is kept while another view is open. */
  readonly query: string;
}

const followed = new Followed<Route>(read(""));
addEventListener("hashchange", () => followed.set(read(followed.get().query)));

export function useRoute(): Route {
  return useFollowed(followed);
}

export function currentRoute(): Route {
  return followed.get();
}

export function hrefOf(view: View, ...chosen: readonly string[]): string {
  return `#/${[view, ...chosen].map(encodeURIComponent).join("/")}`;
}

/** The same, with the filter of the list of tasks as it is now. */
export function hrefInList(view: View, ...chosen: readonly string[]): string {
  const { query } = followed.get();
  return hrefOf(view, ...chosen) + (view === "tasks" && query !== "" ? `?${query}` : "");
}

export function goTo(view: View, ...chosen: readonly string[]): void {
  const href = hrefInList(view, ...chosen);
  if (location.hash === href) return;
  location.hash = href;
  // The event comes later, and a caller that asks meanwhile must get the new route.
  followed.set(read(""));
}

/** Filters the list of tasks. The address follows; the way back does not lead through each letter of a search. */
export function setQuery(query: string): void {
  const { view, chosen } = followed.get();
  followed.set({ view, chosen, query });
  history.replaceState(history.state, "", hrefInList(view, ...chosen));
}

function read(kept: string): Route {
  const [path = "", ...rest] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...chosen] = path.split("/").filter(Boolean).map(percentDecoded);
  const known = VIEWS.find((each) => each === view) ?? "tasks";
  return { view: known, chosen, query: known === "tasks" ? rest.join("?") : kept };
}
