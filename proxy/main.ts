import { VERSION } from "../src/version.ts";
import { type Command, readCommand } from "./command-line/command.ts";
import { HELP } from "./command-line/help.ts";
import { ConfigurationError } from "./configuration/variables.ts";
import { reasonOf } from "./reason.ts";

/** The first Node whose SQLite needs no flag. */
const NEEDED = [22, 13] as const;

/** Runs the command. Resolves with the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  let command: Command;
  try {
    command = readCommand(argv);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`holdfast: ${error.message}\n`);
    return 2;
  }
  if (command.kind === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  if (command.kind === "version") {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (command.kind !== "wrap" && (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]))) {
    process.stderr.write(
      `holdfast: this needs Node ${NEEDED.join(".")} or newer, and runs in Node ${process.versions.node}: install it from https://nodejs.org\n`,
    );
    return 1;
  }
  switch (command.kind) {
    case "serve": {
      const { serve } = await import("./serve/serve-command.ts");
      return serve(command.args);
    }
    case "proxy": {
      const { proxy } = await import("./server/proxy-command.ts");
      await proxy(command.configuration, command.options);
      return 0;
    }
    case "wrap": {
      const { wrap } = await import("./wrap/wrap-command.ts");
      return wrap(command);
    }
    case "tasks": {
      const { tasks } = await import("./tasks/tasks-command.ts");
      return tasks(command);
    }
  }
}

// Who reads the output may have enough of it, as `head` has: the error would end the process with a trace.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

main(process.argv.slice(2)).then(
  // Handles that are still open, such as the agent's input, must not keep the process. What was printed leaves first.
  (code) => process.stdout.write("", () => process.exit(code)),
  (error: unknown) => {
    process.stderr.write(`holdfast: ${reasonOf(error)}\n`);
    process.exit(1);
  },
);
