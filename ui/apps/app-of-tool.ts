/** The extension's identifier among capabilities (SEP-1865, "Extension Identifier"). */
export const APPS_EXTENSION = "io.modelcontextprotocol/ui";

/** The one kind of app that the extension defines. */
export const APP_TYPE = "text/html;profile=mcp-app";

/** Returns the address of the app that a tool's definition names (SEP-1865, "Resource Discovery"), the deprecated place included. */
export function appOfTool(definition: unknown): string | undefined {
  const { _meta } = Object(definition) as { readonly _meta?: unknown };
  const meta = Object(_meta) as { readonly ui?: unknown; readonly "ui/resourceUri"?: unknown };
  const { resourceUri } = Object(meta.ui) as { readonly resourceUri?: unknown };
  return [resourceUri, meta["ui/resourceUri"]].find(isAppAddress);
}

function isAppAddress(uri: unknown): uri is string {
  return typeof uri === "string" && uri.startsWith("ui://") && uri.length <= 2_000;
}
