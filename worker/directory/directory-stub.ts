import type { Bindings, Fetching } from "../bindings.ts";
import type { PrincipalDirectoryRpc } from "./principal-directory-rpc.ts";

export type DirectoryStub = PrincipalDirectoryRpc & Fetching;

/** The directory of a principal. */
export function directoryOf({ PRINCIPALS }: Pick<Bindings, "PRINCIPALS">, principal: string): DirectoryStub {
  return PRINCIPALS.getByName(principal) as DirectoryStub;
}
