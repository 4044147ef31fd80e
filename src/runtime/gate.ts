/** Lets so many through at once; the others wait for their turn, the first to come first. */
export interface Gate {
  /** Calls `enter` of what comes: at once while there is room, else in its turn. */
  admit(comer: Comer): void;
  /** One that was let through is done: the next may enter. */
  leave(): void;
}

export interface Comer {
  enter(): void;
}

export function createGate(atOnce: number): Gate {
  const waiting: Comer[] = [];
  let free = atOnce;
  return {
    admit(comer) {
      if (free === 0) return void waiting.push(comer);
      free--;
      comer.enter();
    },
    leave() {
      const next = waiting.shift();
      if (next) next.enter();
      else free++;
    },
  };
}
