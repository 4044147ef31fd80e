import { Select } from "../controls/choice.tsx";
import { Followed, useFollowed } from "./followed.ts";

const SCHEMES = ["auto", "light", "dark"] as const;
type Scheme = (typeof SCHEMES)[number];
const WORDS: Readonly<Record<Scheme, string>> = { auto: "Auto", light: "Light", dark: "Dark" };

const KEY = "mantine-color-scheme-value";
const dark = matchMedia("(prefers-color-scheme: dark)");
/** What the person chose. */
export const colorScheme = new Followed<Scheme>(known(readStored()));

function known(value: unknown): Scheme {
  return SCHEMES.find((scheme) => scheme === value) ?? "auto";
}

function readStored(): unknown {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return undefined;
  }
}

/** Colours the page as the person chose, or as the machine is set. Called before anything is shown. */
export function paint(): void {
  const scheme = colorScheme.get();
  const isDark = scheme === "dark" || (scheme === "auto" && dark.matches);
  document.documentElement.dataset.mantineColorScheme = isDark ? "dark" : "light";
}

// Not the control's to follow: a page without the control has colours, too.
dark.addEventListener("change", paint);
addEventListener("storage", ({ key, newValue }) => {
  if (key !== KEY) return;
  colorScheme.set(known(newValue));
  paint();
});

/** Light, dark, or as the machine is set. */
export function ColorScheme() {
  const scheme = useFollowed(colorScheme);
  const choose = (value: string): void => {
    colorScheme.set(known(value));
    paint();
    try {
      localStorage.setItem(KEY, value);
    } catch {
      // Without storage it is this page's only.
    }
  };
  return (
    <Select
      className="color-scheme"
      small
      aria-label="Colours"
      value={scheme}
      onChange={({ currentTarget: { value } }) => choose(value)}
      data={SCHEMES.map((value) => ({ value, label: WORDS[value] }))}
    />
  );
}
