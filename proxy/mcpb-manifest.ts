import { VERSION } from "../src/version.ts";

/** A placeholder, which the agent or Holdfast replaces. */
const inBundle = (name: string): string => `\${${name}}`;

/** The manifest of the bundle for Claude Desktop. Its form has what `holdfast` is given on the command line. */
export const MCPB_MANIFEST: object = {
  manifest_version: "0.3",
  name: "holdfast",
  display_name: "Holdfast",
  version: VERSION,
  description: "Runs an MCP server so that no tool call dies at the agent's time limit.",
  long_description:
    "Put a server behind Holdfast: a call that takes longer than 45 seconds is answered with what is running and how to get its result, and the work goes on. Tasks of remote servers outlive a restart of the computer.",
  author: { name: "The Holdfast authors" },
  license: "Apache-2.0",
  icon: "icon.png",
  server: {
    type: "node",
    entry_point: "holdfast.cjs",
    mcp_config: {
      command: "node",
      // The command may hold secrets, and every process can read arguments: it comes with the environment.
      args: [`${inBundle("__dirname")}/holdfast.cjs`, "--target", inBundle("HOLDFAST_TARGET")],
      env: {
        HOLDFAST_TARGET: inBundle("user_config.target"),
        HOLDFAST_AUTHORIZATION: inBundle("user_config.authorization"),
      },
    },
  },
  tools_generated: true,
  prompts_generated: true,
  keywords: ["tasks", "long-running", "timeout"],
  compatibility: { platforms: ["darwin", "win32", "linux"], runtimes: { node: ">=22.13.0" } },
  user_config: {
    target: {
      type: "string",
      title: "Server",
      description:
        "The command that starts a local server, such as: npx -y @modelcontextprotocol/server-everything. Or the address of a remote one: https://…/mcp",
      required: true,
    },
    authorization: {
      type: "string",
      title: "Authorization header",
      description:
        "For an address: the value of the header, such as: Bearer …. Leave it empty to sign in with the browser.",
      required: false,
      sensitive: true,
      default: "",
    },
  },
};
