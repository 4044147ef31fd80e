import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";
import { html, raw } from "hono/html";
import { hashSource } from "../http/hash-source.ts";
import { PASSKEY_SCRIPT } from "./passkey-script.ts";
import { handleField, type Markup, type SignInWays, signInForms } from "./sign-in-forms.ts";

export interface Consent {
  readonly description: ConsentDescription;
  /** What the token is to be for. */
  readonly resource: string | undefined;
  /** This worker's, as the person knows it. */
  readonly host: string;
  readonly failure: string | undefined;
  readonly ways: SignInWays;
}

/** The longest name of a client that is shown, in characters. */
const MAX_NAME = 80;

/** Who asks, for what, and where access goes to. Everything of the client is a stranger's text. */
export function consentPage(consent: Consent): Markup {
  const { description, resource, host, failure, ways } = consent;
  const { clientDomain, redirectHost, redirectIsLoopback } = description;
  const name = plain(description.clientName);
  const endpoint = resource === undefined ? undefined : /\/mcp\/([^/]+)\/?$/.exec(resource)?.[1];
  return page(
    `Allow ${name}?`,
    html`<h1>Allow <b>${name}</b> to use your tools?</h1>
<p>${
      clientDomain === undefined
        ? "The app chose this name itself; nobody has verified it."
        : html`The app is described by <b>${clientDomain}</b>.`
    } Access goes to <b>${plain(redirectHost)}</b>.</p>
${
  redirectIsLoopback
    ? html`<p class="warning"><b>That is a program on your own computer.</b> Go on only if you have just started this from it.</p>`
    : ""
}
<p>On <b>${host}</b>, in your name, it will be able to:</p>
<ul>
<li>call the tools of ${endpoint === undefined ? "every server you may use here" : html`the server <b>${endpoint}</b>`}, which may read and change what those tools reach;</li>
<li>see the tasks that come of its calls and yours, answer their questions, and cancel them.</li>
</ul>
<p>Access ends when you revoke it, or after 30 days in which it is not used.</p>
${signInForms(ways, "Allow", failure)}
<form method="post">${handleField(ways.handle)}<button name="decision" value="deny" class="quiet">Deny</button></form>`,
  );
}

/** The console of this worker signs a person in: no other app can ask for that. */
export function consoleSignInPage({
  host,
  failure,
  ways,
}: Pick<Consent, "host" | "failure" | "ways">): Markup {
  return page(
    "Sign in",
    html`<h1>Sign in to the console of <b>${host}</b></h1>
<p>Go on only if you have just pressed <b>Sign in</b> there. It will show your tasks, and call tools, connect servers and end the access of agents when you ask for it.</p>
<p>You are signed in in that tab, for 12 hours, until you sign out or close it.</p>
${signInForms(ways, "Sign in", failure)}
<form method="post">${handleField(ways.handle)}<button name="decision" value="deny" class="quiet">Back</button></form>`,
  );
}

/** A server that an endpoint stands for, and the page on which a person connects it. */
export interface ServerLink {
  readonly title: string;
  readonly path: string;
}

/** The first use in one sitting: the client is allowed, and servers behind the worker want the person's consent, too. */
export function firstUsePage(servers: readonly ServerLink[], redirectTo: string): Markup {
  return page(
    "One more step",
    html`<h1>Allowed. Connect your servers, then go on</h1>
<p>These servers act in your name and want to ask you first. Each opens in a tab of its own.</p>
<ul>${servers.map(({ title, path }) => html`<li><a href="${path}" target="_blank" rel="noopener">Connect ${title}</a></li>`)}</ul>
<p><a class="button" href="${redirectTo}">Go on to the app</a></p>`,
  );
}

/** `/connect/<endpoint>`: who the person is, then the server's own page. */
export function connectPage(about: {
  readonly title: string;
  readonly host: string;
  /** Who the person is, or how to sign in. */
  readonly person: { readonly principal: string } | SignInWays;
  readonly failure: string | undefined;
}): Markup {
  const { title, host, person, failure } = about;
  return page(
    `Connect ${title}`,
    html`<h1>Connect <b>${title}</b></h1>
<p>Its server will ask you whether <b>${host}</b> may use it in your name. The worker keeps its tokens encrypted, for you alone.</p>
${
  "principal" in person
    ? html`<p>You are signed in as <b>${person.principal}</b>.</p>
<form method="post"><button name="decision" value="connect">Connect</button></form>`
    : signInForms(person, "Sign in", failure)
}`,
  );
}

/** The end of a page's way. */
export function endPage(title: string, text: string): Markup {
  return page(title, html`<h1>${title}</h1><p>${plain(text)}</p>`);
}

/** Shows the user why a request cannot be answered to its client. */
export function messagePage(reason: string): Markup {
  return page(
    "This sign-in cannot go on",
    html`<h1>This sign-in cannot go on</h1><p>${plain(reason)}.</p><p>Go back to the app, and connect again.</p>`,
  );
}

/** @param headers Sent beside the page's own: cookies, for example. */
export async function pageResponse(page: Markup, status = 200, headers = new Headers()): Promise<Response> {
  for (const [name, value] of Object.entries(await pageHeaders())) headers.set(name, value);
  return new Response(await page, { status, headers });
}

/**
 * Nothing is loaded, nothing runs but the one script, which sends to this origin alone, and nobody frames it. There is no `form-action`: browsers apply it to the redirect that answers
 * the form, which goes to the client. Without the referrer, the form's own `Origin` would be `null`.
 */
async function pageHeaders(): Promise<Readonly<Record<string, string>>> {
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `default-src 'none'; style-src ${await hashSource(STYLE)}; script-src ${await hashSource(PASSKEY_SCRIPT)}; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'`,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
  };
}

/** Without characters that hide, reorder or break text, so that a name cannot pass for another part of the page. */
function plain(text: string): string {
  const shown = text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return shown.length > MAX_NAME ? `${shown.slice(0, MAX_NAME)}…` : shown;
}

function page(title: string, body: Markup): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Holdfast</title>
<style>${raw(STYLE)}</style>
</head>
<body><main>${body}</main></body>
</html>`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1c2422, #dfe7e4); --ground: light-dark(#f2f5f4, #121715);
  --card: light-dark(#fff, #1a211e); --line: light-dark(#7d8a86, #6b7a75); --leaf: light-dark(#17694f, #74d1b0);
  --on-leaf: light-dark(#fff, #10201a); --warn: light-dark(#8a3b00, #ffb27a) }
* { box-sizing: border-box }
body { margin: 0; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere }
main { margin: 6vh auto; max-width: 32rem; padding: 1.5rem; border-radius: .75rem; background: var(--card) }
h1 { margin: 0 0 1rem; font-size: 1.375rem; line-height: 1.3 }
ul { padding-left: 1.25rem }
[hidden] { display: none !important }
label { display: block; font-weight: 600 }
#add-passkey { margin-top: .75rem; font-weight: 400 }
input[type=password] { width: 100%; margin-top: .25rem; padding: .6rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--ground); color: inherit; font: inherit }
.warning { padding-left: .75rem; border-left: .25rem solid var(--warn); color: var(--warn) }
form { margin-top: 1rem }
button, .button { display: inline-block; text-decoration: none; margin-top: .75rem; padding: .6rem 1.5rem; border: 1px solid var(--leaf); border-radius: .4rem; background: var(--leaf);
  color: var(--on-leaf); font: inherit; font-weight: 600; cursor: pointer }
a:not(.button) { color: var(--leaf) }
.quiet { background: transparent; color: var(--leaf) }
:focus-visible { outline: 3px solid var(--leaf); outline-offset: 2px }
`;
