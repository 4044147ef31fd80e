/** The text of `holdfast --help`. */
export const HELP = `Holdfast: MCP tool calls that outlive the agent's time limit.

  holdfast -- <command> [args…]            a local server (stdio) behind Holdfast
  holdfast <https://…/mcp> [--header "name: value"]…
                                           a remote server; signs in with the browser if it must
  holdfast --config <file>                 all servers of a file with "mcpServers"
  holdfast serve [options]                 the gateway on this machine, for many clients: holdfast serve --help
  holdfast wrap <agent|file> [--yes] [--only name,…]
                                           shows, then makes, the change in an agent's configuration
  holdfast unwrap <agent|file> [--yes]     restores it
  holdfast tasks [list] [--all] [--json]   what runs, and what ended
  holdfast tasks show|cancel|forget <task> [--json]
  holdfast tasks answer <task> <key> '<JSON>'

  --budget <s>    how long a call may take before the model gets a running result (45)
  --name <name>   the server's name in lists
  --pairs <file>  the start/get pairs of tools of a server without Tasks (docs/pairs.md)
  --idempotency-key <key>
                  the key of _meta under which the server takes idempotency keys, such as idempotencyKey
  --verbose       more on stderr

Agents: claude-desktop, cursor, vscode, lm-studio, windsurf.
A header's value may be \${NAME}, which is read from the environment.
`;
