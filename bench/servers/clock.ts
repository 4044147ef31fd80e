/** The server's own time: virtual where the client's is, else the machine's. */
export interface ServerClock {
  now(): number;
  after(ms: number, callback: () => void): void;
}

export const machineClock: ServerClock = {
  now: () => Date.now(),
  after: (ms, callback) => void setTimeout(callback, ms),
};
