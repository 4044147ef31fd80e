/** The public half of a key that nobody signs with: it gives the unpacked extension the same id on every machine. */
export const KEY =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwrEUDcPnSn3XtBo1dDg8a8XKQCwI7iJRexJwNBGcbniJ3impse+cb93KJCk9aYZoulSL0TcoYoZEO5Jk3e+KExZn3MUFjzdWS5PefZlbOLXBI09T7C1YJWNcDqlSa1to83LgfM3J3CTAahSsPfD2n3ADmrV60Z14/vTyaLntv3BWIpY6SP3f7anIoMgjW7p2/83ZFsREWX3WDmoVIS4xyVZMgN2UpUa/ApQlvwq/stjQxNmymgcytm5EVtw9TZ5ZUAnkX2KwdbVWLX1z01AC3bfhkeLtM3Nq29b4aSony2UQMY82aYYYreJK21+x5Tm9hovUx2r9HLAcmw0cAtmY3QIDAQAB";

/** The manifest of the extension. Chrome and Firefox both read it: each ignores the keys of the other. */
export function manifest(version: string): object {
  return {
    manifest_version: 3,
    name: "Holdfast",
    version,
    description: "Start long tool calls of MCP servers, close the browser, and get the result later.",
    key: KEY,
    icons: icons(16, 32, 48, 128),
    action: { default_popup: "popup.html", default_title: "Holdfast", default_icon: icons(16, 32) },
    side_panel: { default_path: "panel.html" },
    sidebar_action: { default_panel: "panel.html", default_title: "Holdfast", default_icon: icons(16, 32) },
    options_ui: { page: "options.html", open_in_tab: true },
    // The one is Chrome's, the other Firefox's event page. One file each: a service worker cannot import().
    background: { service_worker: "background.js", scripts: ["background.js"] },
    permissions: [
      "activeTab",
      "alarms",
      "contextMenus",
      "identity",
      "notifications",
      "scripting",
      "sidePanel",
      "storage",
    ],
    // Asked for one server at a time, when it is added.
    optional_host_permissions: ["https://*/*", "http://*/*"],
    minimum_chrome_version: "121",
    browser_specific_settings: {
      gecko: {
        id: "extension@holdfast.example",
        strict_min_version: "142.0",
        // All of it goes to the servers a person has added, when that person sends it, and to nobody else.
        data_collection_permissions: {
          required: ["authenticationInfo", "browsingActivity", "websiteContent"],
        },
      },
    },
  };
}

function icons(...sizes: readonly number[]): Readonly<Record<string, string>> {
  return Object.fromEntries(sizes.map((size) => [size, `icons/icon-${size}.png`]));
}
