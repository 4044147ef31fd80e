/** The page's only style, inline: the policy names its hash, so that a change here needs none there. */
export const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1c2422, #dfe7e4); --soft: light-dark(#5a6864, #9aaaa5);
  --ground: light-dark(#fbfcfb, #121715); --card: light-dark(#fff, #1a211e); --line: light-dark(#d9e0dd, #303a36);
  --leaf: light-dark(#17694f, #74d1b0) }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 52rem; padding: 1rem 1rem 4rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { margin: 1rem 0 } h2 { margin: 2.5rem 0 .5rem } h3 { margin: 0; font-size: 1rem }
a { color: var(--leaf) }
code, pre { font: .875rem/1.5 ui-monospace, monospace }
.card { margin: 1rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card) }
.card > p { margin: .5rem 0 0 }
.method { display: inline-block; min-width: 4.5em; font-weight: 700; color: var(--leaf) }
.soft { color: var(--soft) }
dl { display: grid; grid-template-columns: minmax(7rem, auto) 1fr; gap: .25rem 1rem; margin: .75rem 0 0 }
dt { font: .875rem/1.7 ui-monospace, monospace } dd { margin: 0 }
details { margin-top: .75rem } summary { cursor: pointer; color: var(--soft) }
pre { margin: .5rem 0 0; overflow-x: auto }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: .5rem } }
`;
