import { auth, computeScopeUnion, extractWWWAuthenticateParams } from "@modelcontextprotocol/client";
import {
  type AuthorizationTarget,
  type Credentials,
  oauthCredentials,
} from "../../src/channel/authorization.ts";
import { RequestFailedError } from "../../src/engine/request-failed.ts";
import type { Log } from "../log.ts";
import { signInFailed, signInNeeded, signInUnfinished } from "../messages.ts";
import { openInBrowser } from "./browser.ts";
import type { CredentialFile } from "./credentials.ts";
import { LoopbackRedirect } from "./loopback-redirect.ts";
import { OAuthClient } from "./oauth-client.ts";

/** After a sign-in that was refused or not completed, the browser is not opened again for so long, in ms. */
const PAUSE_MS = 600_000;

/** The tokens for one server. The user signs in with the browser of this computer. One process at a time gets new ones. */
export class SignIn implements Credentials {
  readonly provider: OAuthClient;
  readonly #file: CredentialFile;
  readonly #name: string;
  readonly #log: Log;
  readonly #oauth: Credentials;
  readonly #startedAt: number = Date.now();

  constructor(file: CredentialFile, name: string, log: Log) {
    this.#file = file;
    this.#name = name;
    this.#log = log;
    this.provider = new OAuthClient(file, (url) => {
      log.info(`${name} wants you to sign in: ${url.origin}${url.pathname} is opened in your browser`);
      openInBrowser(url);
    });
    this.#oauth = oauthCredentials(this.provider, (client, challenge, target) =>
      this.#authorize(client, challenge, target),
    );
  }

  token(): string | undefined {
    return this.provider.tokens()?.access_token;
  }

  /** Refreshes the token, or has the user sign in. Throws a RequestFailedError that says what the user can do. */
  async renew(challenge: Response, mayPrompt: boolean, target: AuthorizationTarget): Promise<boolean> {
    const refused = this.token();
    const lock = await this.#file.lock(() => this.#log.info(`${this.#name}: another process signs in`));
    try {
      const token = this.token();
      if (token !== undefined && token !== refused) return true;
      // A refresh gives no scope that the grant lacks.
      if (challenge.status === 401 && (await this.#oauth.renew(challenge, false, target))) return true;
      if (!mayPrompt) throw unauthorized(signInNeeded(this.#name));
      return await this.#signedIn(challenge, target);
    } finally {
      lock.release();
    }
  }

  async #signedIn(challenge: Response, target: AuthorizationTarget): Promise<boolean> {
    const { port, failedAt = 0 } = this.#file.read();
    if (failedAt > Math.max(this.#startedAt, Date.now() - PAUSE_MS))
      throw unauthorized(signInUnfinished(this.#name));
    const redirect = await LoopbackRedirect.open(port);
    this.provider.redirect = redirect;
    try {
      return await this.#oauth.renew(challenge, true, target);
    } finally {
      this.provider.redirect = undefined;
      redirect.close();
    }
  }

  /** Runs the SDK's OAuth, and waits for the browser if the user has to sign in. */
  async #authorize(client: OAuthClient, challenge: Response, target: AuthorizationTarget): Promise<string> {
    const { resourceMetadataUrl, scope: asked } = extractWWWAuthenticateParams(challenge);
    const widens = challenge.status === 403;
    const scope = widens ? computeScopeUnion(client.tokens()?.scope, asked) : asked;
    const options = {
      ...target,
      ...(resourceMetadataUrl && { resourceMetadataUrl }),
      ...(scope !== undefined && { scope }),
    };
    const done = await auth(client, { ...options, ...(widens && { forceReauthorization: true }) });
    const { redirect } = client;
    if (done === "AUTHORIZED" || !redirect) return done;
    const parameters = await redirect.parameters.catch((error: Error) => {
      this.#file.update({ failedAt: Date.now() });
      throw unauthorized(signInFailed(this.#name, error.message));
    });
    const iss = parameters.get("iss");
    const authorizationCode = parameters.get("code") ?? "";
    return auth(client, { ...options, authorizationCode, ...(iss !== null && { iss }) });
  }
}

function unauthorized(message: string): RequestFailedError {
  return new RequestFailedError("authorization", { kind: "unauthorized", message });
}
