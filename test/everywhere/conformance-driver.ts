/**
 * The official suite starts this as its client. It hands the job to the place in which the client under test runs. Usage (by the
 * suite): node conformance-driver.ts <address of the desk> <server-url>
 */
const [desk = "", address] = process.argv.slice(2);
const { MCP_CONFORMANCE_CONTEXT: context, MCP_CONFORMANCE_SCENARIO: scenario } = process.env;
const response = await fetch(desk, {
  method: "POST",
  body: JSON.stringify({ era: "auto", address, context, scenario }),
});
const { log, error } = (await response.json()) as { readonly log: string; readonly error?: string };
console.log(log);
if (error !== undefined) {
  console.error(error);
  process.exitCode = 1;
}

export {};
