import type { Bindings } from "../bindings.ts";
import { type DirectoryStub, directoryOf } from "../directory/directory-stub.ts";
import type { GroupName } from "../directory/principal-directory-rpc.ts";
import { type GatewayGroupStub, groupOf } from "../group/group-stub.ts";

/** The objects of one principal, and of nobody else: the principal is in the name of every object the routes reach. */
export class PrincipalObjects {
  readonly principal: string;
  readonly #env: Pick<Bindings, "PRINCIPALS" | "TASK_GROUP">;

  constructor(env: Pick<Bindings, "PRINCIPALS" | "TASK_GROUP">, principal: string) {
    this.#env = env;
    this.principal = principal;
  }

  group({ endpoint, shard }: GroupName): GatewayGroupStub {
    return groupOf(this.#env, { principal: this.principal, endpoint, shard });
  }

  get directory(): DirectoryStub {
    return directoryOf(this.#env, this.principal);
  }
}
