/** The version of the package. `npm version` writes it here from package.json. */
export const VERSION = "0.1.0";
