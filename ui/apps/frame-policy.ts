/** What the policy of the frame's page must say: without any of it an app is not handed over. */
const NEEDED = ["sandbox allow-scripts", "default-src 'none'", "connect-src 'none'"];

/**
 * Resolves when the page that apps run in has the policy that keeps them apart. Rejects with an Error that says so
 * otherwise: a development server, or static hosting of the console, returns some other page.
 */
export async function checkFramePolicy(address: string): Promise<void> {
  const response = await fetch(address, { redirect: "error", cache: "no-store" }).catch(() => undefined);
  const policy = response?.ok ? (response.headers.get("content-security-policy") ?? "") : "";
  // Another policy in the same header could only be stricter.
  const directives = policy.split(/[;,]/).map((directive) => directive.trim());
  if (!NEEDED.every((needed) => directives.includes(needed)))
    throw new Error(
      "Apps are shown only where a Holdfast worker serves the console: it keeps them apart from this page.",
    );
}
