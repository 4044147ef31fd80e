const MOST_ADDRESSEES = 16;
/** The longest name of an addressee, in UTF-16 code units. */
const LONGEST_ADDRESSEE = 256;

/** Returns the addressees, each once. Throws a TypeError for too many, and for a name that is empty or too long. */
export function checkedAddressees(names: readonly string[]): readonly string[] {
  const each = [...new Set(names)];
  const fits = (name: string): boolean =>
    typeof name === "string" && name !== "" && name.length <= LONGEST_ADDRESSEE;
  if (each.length > MOST_ADDRESSEES || !each.every(fits))
    throw new TypeError(
      `A task has at most ${MOST_ADDRESSEES} addressees, each a name of 1 to ${LONGEST_ADDRESSEE} characters`,
    );
  return each;
}
