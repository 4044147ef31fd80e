import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { PASSKEY_SCRIPT } from "./passkey-script.ts";

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/** The ways in which a person may sign in on a page here. */
export interface SignInWays {
  /** Sent back with each form. */
  readonly handle: string;
  /** The host of the issuer at which people sign in; undefined without one. */
  readonly issuer: string | undefined;
  /** Whether there are secrets to sign in with. */
  readonly takesSecrets: boolean;
  /** Undefined where browsers have no passkeys. */
  readonly passkeys: { readonly challenge: string; readonly exist: boolean } | undefined;
}

/**
 * A form for each way, since the Enter key presses the first button of a form.
 * @param verb What the button does: "Allow", or "Sign in".
 * @param failure Why the last attempt failed.
 */
export function signInForms(
  ways: SignInWays,
  verb: "Allow" | "Sign in",
  failure: string | undefined,
): Markup {
  const { handle, issuer, takesSecrets, passkeys } = ways;
  return html`${failure === undefined ? "" : html`<p class="warning" role="alert" id="failure">${failure}</p>`}
${passkeys?.exist ? passkeyForm(handle, passkeys.challenge, verb) : ""}
${
  issuer === undefined
    ? ""
    : html`<form method="post">${handleField(handle)}
<button name="decision" value="sign-in">${verb === "Allow" ? "Allow, and sign" : "Sign"} in with ${issuer}</button></form>`
}
${takesSecrets ? secretForm(ways, verb, failure !== undefined) : ""}
${passkeys && takesSecrets ? html`<script>${raw(PASSKEY_SCRIPT)}</script>` : ""}`;
}

export function handleField(handle: string): Markup {
  return html`<input type="hidden" name="handle" value="${handle}">`;
}

/** Shown by the script: without it, or without passkeys in the browser, the secret remains. */
function passkeyForm(handle: string, challenge: string, verb: string): Markup {
  return html`<form method="post" id="passkey" data-challenge="${challenge}" hidden>${handleField(handle)}
<input type="hidden" name="decision" value="passkey"><input type="hidden" name="passkey">
<button>${verb} with a passkey</button><p class="warning" role="alert" hidden></p></form>`;
}

function secretForm({ handle, issuer, passkeys }: SignInWays, verb: string, failed: boolean): Markup {
  const isFirst = issuer === undefined && !passkeys?.exist;
  return html`<form method="post" id="by-secret">${handleField(handle)}
<label for="secret">${isFirst ? "Your" : "Or your"} Holdfast secret</label>
<input id="secret" name="secret" type="password" autocomplete="current-password" maxlength="4096" required${
    isFirst ? raw(" autofocus") : ""
  }${failed ? raw(' aria-invalid="true" aria-describedby="failure"') : ""}>
${passkeys ? html`<label id="add-passkey" hidden><input type="checkbox"> Add a passkey, to sign in without the secret next time</label>` : ""}
<button name="decision" value="allow">${verb}</button><p class="warning" role="alert" hidden></p></form>`;
}
