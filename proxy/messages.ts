/**
 * Texts of the proxy for an agent whose server cannot be reached. `docs/model-messages.md` lists these texts with when each
 * is sent, and a test compares both. A parameter is in the table as `{name}`.
 */
export const notStarted = (server: string, reason: string): string =>
  `${server} could not be started: ${reason}`;
export const COMMAND_NOT_FOUND = "its command was not found: check its name and the PATH of the agent";
export const folderNotFound = (folder: string): string => `its folder ${folder} was not found: correct cwd`;
export const startFailed = (code: string): string => `it could not be started (${code})`;
export const endedBy = (signal: string): string => `it was ended by ${signal}`;
export const exitedWith = (code: number | string): string => `it exited with code ${code}`;
export const notReached = (reason: string): string => `The server could not be asked: ${reason}`;
export const NOT_INITIALIZED = "The first request must be initialize";
export const AGENT_UNKNOWN = "The agent has not introduced itself yet";
export const ENDING = "Holdfast is shutting down";
export const signInNeeded = (server: string): string =>
  `${server} needs you to sign in. Call one of its tools to begin`;
export const signInUnfinished = (server: string): string =>
  `The sign-in to ${server} was not completed. Wait 10 minutes or restart the agent to try again`;
export const signInFailed = (server: string, reason: string): string =>
  `The sign-in to ${server} failed: ${reason}. Restart the agent to try again`;
