import type {
  OAuthClientInformationMixed,
  OAuthClientProvider,
  OAuthDiscoveryState,
  OAuthTokens,
} from "@modelcontextprotocol/client";
import type { EndpointConfig } from "../config/endpoints.ts";
import { clientDocumentUrl, clientMetadata } from "./client-metadata.ts";

/** One run of the SDK's `auth()`: what it reads and writes, kept apart from what is stored. */
export class ConsentFlow {
  readonly state = `${crypto.randomUUID()}${crypto.randomUUID()}`;
  readonly provider: OAuthClientProvider;
  client: OAuthClientInformationMixed | undefined;
  server: OAuthDiscoveryState | undefined;
  tokens: OAuthTokens | undefined;
  address: URL | undefined;
  verifier = "";

  constructor(redirectUri: string, { consent }: EndpointConfig) {
    const { clientId: client_id, clientSecret: client_secret } = consent ?? {};
    if (client_id !== undefined)
      this.client = { client_id, ...(client_secret !== undefined && { client_secret }) };
    const clientMetadataUrl = clientDocumentUrl(redirectUri);
    this.provider = {
      redirectUrl: redirectUri,
      clientMetadata: clientMetadata(redirectUri),
      ...(clientMetadataUrl !== undefined && { clientMetadataUrl }),
      state: () => this.state,
      clientInformation: () => this.client,
      saveClientInformation: (client) => {
        this.client = client;
      },
      tokens: () => undefined,
      saveTokens: (tokens) => {
        this.tokens = tokens;
      },
      redirectToAuthorization: (address) => {
        this.address = address;
      },
      saveCodeVerifier: (verifier) => {
        this.verifier = verifier;
      },
      codeVerifier: () => this.verifier,
      saveDiscoveryState: (server) => {
        this.server = server;
      },
      discoveryState: () => this.server,
    };
  }
}
