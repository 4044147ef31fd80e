// Loaded before the proxy (`--require`): SIGKILL when the call is about to be sent, with its record durable and nothing sent.
const { fetch } = globalThis;
globalThis.fetch = (input, init) => {
  if (String(init?.body).includes('"tools/call"')) process.kill(process.pid, "SIGKILL");
  return fetch(input, init);
};
