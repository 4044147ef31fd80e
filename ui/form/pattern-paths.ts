/**
 * How many ways a regular expression may try to match a text of this length before it gives up: an upper bound, by
 * multiplying what each part leaves open. A pattern from a server may need longer than anybody lives; one whose bound is
 * small cannot. Infinity for what is not understood here.
 */
export function pathsOf(pattern: string, length: number): number {
  const reader = new Reader(pattern, length);
  try {
    const paths = reader.alternatives();
    // Unless it is tied to the beginning, it is tried from each place.
    const tied = pattern.startsWith("^") && !reader.divided;
    return reader.done ? paths * (tied ? 1 : length + 1) : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Reads a pattern from left to right; the paths of what it reads are what its methods give. */
class Reader {
  readonly #pattern: string;
  readonly #length: number;
  #at = 0;
  #depth = 0;
  /** There are alternatives at the top, so that a `^` ties one of them only. */
  divided = false;

  constructor(pattern: string, length: number) {
    this.#pattern = pattern;
    this.#length = length;
  }

  get done(): boolean {
    return this.#at === this.#pattern.length;
  }

  alternatives(): number {
    let paths = this.#sequence();
    while (this.#takes("|")) {
      if (this.#depth === 0) this.divided = true;
      paths += this.#sequence();
    }
    return paths;
  }

  #sequence(): number {
    let paths = 1;
    while (!this.done && this.#next !== "|" && this.#next !== ")") paths *= this.#repeated(this.#atom());
    return paths;
  }

  #atom(): number {
    if (this.#takes("(")) return this.#group();
    if (this.#takes("[")) {
      while (!this.#takes("]")) this.#at += this.#next === "\\" ? 2 : 1;
      if (this.#at > this.#pattern.length) throw new SyntaxError("A class does not end");
      return 1;
    }
    if (this.#takes("\\")) {
      // What a group matched may be anything, also nothing.
      if (/[1-9k]/.test(this.#next)) return Number.POSITIVE_INFINITY;
      const named = /^(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|.)/s.exec(
        this.#rest,
      );
      this.#at += named?.[0].length ?? 0;
      return 1;
    }
    this.#at++;
    return 1;
  }

  #group(): number {
    this.#at += /^\?(?:<?[=!]|:|<\w+>)|^/.exec(this.#rest)?.[0].length ?? 0;
    this.#depth++;
    const paths = this.alternatives();
    this.#depth--;
    if (!this.#takes(")")) throw new SyntaxError("A group does not end");
    return paths;
  }

  #repeated(paths: number): number {
    const quantifier = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(this.#rest);
    if (!quantifier) return paths;
    const [written, sign, least = "0", open, most] = quantifier;
    this.#at += written.length;
    const from = sign === undefined ? Number(least) : sign === "+" ? 1 : 0;
    const exact = sign === undefined && open === undefined;
    const limit = sign === "?" ? 1 : exact ? from : most ? Number(most) : Number.POSITIVE_INFINITY;
    // No more of them fit into the text; what may match nothing is counted as if it were one character.
    const to = Math.min(limit, Math.max(from, this.#length));
    return paths ** to * (to - from + 1);
  }

  get #next(): string {
    return this.#pattern.charAt(this.#at);
  }

  get #rest(): string {
    return this.#pattern.slice(this.#at);
  }

  #takes(character: string): boolean {
    if (this.#next !== character) return false;
    this.#at++;
    return true;
  }
}
